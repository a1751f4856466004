"""Objects to bytes and back: envelopes, pickles, calls, failures."""

from rrq_core.payload.call import Call, decode_call, describe_call, stored_values_of
from rrq_core.payload.call_encoder import CallEncoder, EncodedCall
from rrq_core.payload.context import Context, PayloadKind
from rrq_core.payload.failure import Failure, capture_failure, decode_failure, encode_failure
from rrq_core.payload.record import decode_json, encode_json
from rrq_core.payload.value import decode_value, encode_value

__all__ = [
    "Call",
    "CallEncoder",
    "Context",
    "EncodedCall",
    "Failure",
    "PayloadKind",
    "capture_failure",
    "decode_call",
    "decode_failure",
    "decode_json",
    "decode_value",
    "describe_call",
    "encode_failure",
    "encode_json",
    "encode_value",
    "stored_values_of",
]
