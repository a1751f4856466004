"""Create functions travel by name or whole, and nothing else passes for one."""

import os
import sys
from types import ModuleType

import pytest

from rrq_core.errors import NotSendable, PayloadRefused
from rrq_core.model.ids import QueueId
from rrq_core.payload import Context, Create, PayloadKind, decode_create, encode_create, encode_value
from rrq_core.worker.packages_and_sources import PackagesAndSources

QUEUE = QueueId("q")


def result_of(create: Create) -> dict[str, object]:
    names: dict[str, object] = {}
    create(names)
    return names


def test_a_function_that_can_be_imported_goes_by_name() -> None:
    assert decode_create(encode_create(vars, QUEUE), QUEUE) is vars


def test_a_closure_goes_whole() -> None:
    rate = 3
    create = decode_create(encode_create(lambda names: names.update(rate=rate), QUEUE), QUEUE)
    assert result_of(create) == {"rate": 3}


def test_the_common_one_goes_by_name() -> None:
    common = PackagesAndSources(packages=("math",), sources=("/a.py",))
    sent = encode_create(common, QUEUE)
    assert decode_create(sent, QUEUE) == common
    assert len(sent) < 300


@pytest.mark.parametrize("is_by_value", [True, False])
def test_a_function_of_a_module_that_workers_lack_goes_whole(
    is_by_value: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("only_here")
    if is_by_value:
        module.__spec__ = os.__spec__
    exec("def create(names):\n    names['rate'] = RATE\nRATE = 4", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    sent = encode_create(module.create, QUEUE, ("only_here",) if is_by_value else ())
    monkeypatch.delitem(sys.modules, "only_here")
    assert result_of(decode_create(sent, QUEUE)) == {"rate": 4}


def test_what_cannot_be_sent_is_named() -> None:
    lock = __import__("threading").Lock()
    with pytest.raises(NotSendable, match=r"the create function .* 'lock'"):
        encode_create(lambda names: names.update(lock=lock), QUEUE)


def test_bytes_that_are_none_are_refused() -> None:
    with pytest.raises(PayloadRefused):
        decode_create(b"nonsense", QUEUE)


def test_a_value_that_is_no_function_is_refused() -> None:
    stored = encode_value(3, Context(kind=PayloadKind.ENVIR, queue_id=QUEUE))
    with pytest.raises(PayloadRefused, match="no function, but a int"):
        decode_create(stored.data, QUEUE)
