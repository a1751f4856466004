"""What the contract suites of all ports have in common: their fixtures and their hooks."""

from collections.abc import Iterator

import pytest

from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing.looking import assert_lawful


class ContractCase:
    """The base of the suites that a backend has to pass.

    A subclass gives the one fixture `backend`: a backend with nothing in it, under a queue id of its own, which is
    destroyed and closed afterwards. The rest may stay as it is.

    Attributes:
        repeats: Set it if the way to the store makes each call twice and gives the second answer. An answer may then
            say that all was done before.
    """

    repeats: bool = False

    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        """An empty backend, for one test."""
        raise NotImplementedError(f"{type(self).__name__} gives no fixture `backend`: a backend with nothing in it")

    def reopen(self, backend: Backend, queue_id: QueueId | None = None) -> Backend:
        """Open the same store a second time, for the same queue id or another one."""
        return open_backend(backend.url, backend.queue_id if queue_id is None else queue_id)

    def settle(self) -> None:
        """Wait until what was written can be seen; for stores that take their time."""

    def assert_answer(self, answer: object, expected: object, repeated: object) -> None:
        """Hold that an answer is the expected one or, where calls are repeated, that of a repetition."""
        assert answer == expected or (self.repeats and answer == repeated), f"{answer!r} is not {expected!r}"

    @pytest.fixture
    def second(self, backend: Backend) -> Iterator[Backend]:
        """A second handle on the same queue."""
        another = self.reopen(backend)
        yield another
        another.close()

    @pytest.fixture(autouse=True)
    def _is_lawful_afterwards(self, request: pytest.FixtureRequest, backend: Backend) -> Iterator[None]:
        for needed in request.node.iter_markers("rrq_needs"):
            if not getattr(backend, needed.args[0]):
                pytest.skip(f"this backend is not {needed.args[0]}: {needed.args[1]}")
        yield
        self.settle()
        assert_lawful(backend)
