"""A suite that passes on anything proves nothing: each small breakage of the reference is noticed by a named test."""

import inspect
from functools import partial

import pytest

from rrq_core.errors import RrqError
from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend
from rrq_core.testing import BackendTests, assert_lawful, wait_until
from rrq_core.testing.queue import recovering, waiting
from rrq_core.testing.workers import waking
from tests.contract.mutants import MUTANTS
from tests.contract.reference import Server, open_reference

PATIENCE = 0.3


class Suite(BackendTests):
    """The kit on one server of dicts, without pytest around it."""

    def __init__(self) -> None:
        self.server = Server()

    def reopen(self, backend: Backend, queue_id: QueueId | None = None) -> Backend:
        return open_reference(self.server, backend.queue_id if queue_id is None else queue_id)

    def run(self, name: str) -> None:
        """Run a test, with the first of its parameters."""
        backend = open_reference(self.server, QueueId("q"))
        test = getattr(self, name)
        given = {
            "backend": backend,
            "second": open_reference(self.server, QueueId("q")),
            "store": backend.objects_at("store"),
            "keys": ["heart", "another heart"],
            "neighbours": [open_reference(self.server, QueueId("qx"))],
            **first_parameters(test),
        }
        test(**{name: given[name] for name in inspect.signature(test).parameters})
        assert_lawful(backend)


def first_parameters(test: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            found[mark.args[0]] = mark.args[1][0]
    return found


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not happen at once on dicts, does not happen."""
    monkeypatch.setattr(waking, "SOON", PATIENCE)
    monkeypatch.setattr(waiting, "SOON", PATIENCE)
    monkeypatch.setattr(recovering, "wait_until", partial(wait_until, timeout=1.0))


@pytest.mark.parametrize("name", sorted({found.noticed_by for found in MUTANTS.values()}))
def test_the_right_reference_passes(name: str) -> None:
    Suite().run(name)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_breakage_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = MUTANTS[name]
    monkeypatch.setattr(found.owner, found.method, found.broken(getattr(found.owner, found.method)))
    with pytest.raises((AssertionError, RrqError, KeyError, pytest.fail.Exception)):
        Suite().run(found.noticed_by)
