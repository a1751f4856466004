"""Objects to bytes and back: envelopes, pickles, calls, failures."""

from rrq_core.payload.call import (
    Call,
    decode_arguments,
    decode_call,
    describe_call,
    read_retry_on,
    read_run_options,
    shared,
    stored_values_of,
    version_in,
)
from rrq_core.payload.call_encoder import ANY_EXCEPTION, CallEncoder
from rrq_core.payload.context import Context, PayloadKind, value_context
from rrq_core.payload.create_function import Create, decode_create, encode_create
from rrq_core.payload.encoded_call import EncodedCall
from rrq_core.payload.expression import Expression, ReadExpression, read_expression
from rrq_core.payload.failure import Failure, capture_failure, decode_failure, encode_failure
from rrq_core.payload.function import NO_NAMES, FunctionName, reference_by_name
from rrq_core.payload.function_version import differ
from rrq_core.payload.modules_by_value import modules_by_value
from rrq_core.payload.pickling import ENVIRONMENT_MODULE
from rrq_core.payload.record import decode_json, encode_json
from rrq_core.payload.run_options import Backoff, RunOptions, exponential
from rrq_core.payload.value import decode_value, encode_value

__all__ = [
    "ANY_EXCEPTION",
    "ENVIRONMENT_MODULE",
    "NO_NAMES",
    "Backoff",
    "Call",
    "CallEncoder",
    "Context",
    "Create",
    "EncodedCall",
    "Expression",
    "Failure",
    "FunctionName",
    "PayloadKind",
    "ReadExpression",
    "RunOptions",
    "capture_failure",
    "decode_arguments",
    "decode_call",
    "decode_create",
    "decode_failure",
    "decode_json",
    "decode_value",
    "describe_call",
    "differ",
    "encode_create",
    "encode_failure",
    "encode_json",
    "encode_value",
    "exponential",
    "modules_by_value",
    "read_expression",
    "read_retry_on",
    "read_run_options",
    "reference_by_name",
    "shared",
    "stored_values_of",
    "value_context",
    "version_in",
]
