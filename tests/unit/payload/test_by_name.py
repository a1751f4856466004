"""What neither pickle nor cloudpickle can send whole is made anew at the other end."""

from collections.abc import Callable
from typing import Any, cast

from rrq_core.payload import Context, PayloadKind, decode_value

VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
Elsewhere = Callable[..., list[bytes]]

DISPATCHING = """
import functools

class Reader:
    @functools.singledispatchmethod
    def read(self, what):
        return "a thing"
    @read.register
    def _(self, what: int):
        return f"number {what}"

Reader().read(1)  # Pythons from 3.12 on keep what they have chosen once
send(encode_value([Reader(), Reader().read], VALUE).data)
"""


def test_methods_that_dispatch_on_a_type_go_by_value(elsewhere: Elsewhere) -> None:

    reader, read = cast(list[Any], decode_value(elsewhere(DISPATCHING)[0], VALUE))
    assert [reader.read(1), reader.read("x"), read(1), read("x")] == ["number 1", "a thing", "number 1", "a thing"]
