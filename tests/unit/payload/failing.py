"""Functions that fail, and failures that come to the other end."""

from collections.abc import Callable

from rrq_core.payload import Context, Failure, PayloadKind, decode_failure, encode_failure

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")


def sent(failure: Failure) -> Failure:
    return decode_failure(encode_failure(failure, VALUE).data or b"", VALUE)


def divide(a: int, b: int) -> float:
    return a / b


def failed(function: Callable[..., object], *args: object) -> BaseException:
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("it did not fail")
