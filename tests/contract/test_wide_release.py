"""Many dependents are released in portions: each once, whoever goes on with what another has left."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rrq_backends.redis.scripts import QueueScripts
from rrq_core.model.ids import QueueId, TaskId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry, NewTask
from rrq_core.ports import Backend
from rrq_core.testing import assert_lawful, new_task, new_tasks
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import status_of, waiting_in
from tests.contract.conftest import Adapter

TOGETHER = 100


class Killed(BaseException):
    """The client's process ended between two portions."""


@pytest.fixture(scope="session", params=["memory", "valkey"])
def store(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.getfixturevalue(request.param)
    return found


def opened(adapter: Adapter, queue_id: QueueId) -> Iterator[Backend]:
    backend = adapter.open(queue_id)
    yield backend
    assert_lawful(backend)
    backend.queue.destroy()
    backend.close()


@pytest.fixture
def backend(store: Adapter, queue_id: QueueId) -> Iterator[Backend]:
    yield from opened(store, queue_id)


@pytest.fixture
def server(valkey: Adapter, queue_id: QueueId) -> Iterator[Backend]:
    """A real server, for what takes fakeredis too long."""
    yield from opened(valkey, queue_id)


@contextmanager
def killed_after_the_first_portion() -> Iterator[None]:
    """Who calls has died when it would go on with the release."""

    def die(scripts: QueueScripts, left: int) -> None:
        if left:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QueueScripts, "release", die)
        with pytest.raises(Killed):
            yield


def recover(backend: Backend, is_done: Callable[[], bool]) -> None:
    """Let others recover, as idle workers do, until it is done; each time the queue is in order."""
    for _ in range(100):
        if is_done():
            return
        backend.queue.recover(now=True)
        assert_lawful(backend)
    raise AssertionError("it is not done")


def family(backend: Backend, count: int) -> tuple[NewTask, list[NewTask]]:
    """A parent and those that depend on it."""
    parent = new_task()
    children = new_tasks(count, depends_on=(parent.id,))
    backend.queue.submit([parent, *children])
    return parent, children


def ids(tasks: list[NewTask]) -> list[TaskId]:
    return sorted(task.id for task in tasks)


def test_ten_thousand_are_released_once_each(server: Backend) -> None:
    parent, children = family(server, 10_000)
    Hand(server).run(parent.id)
    assert sorted(waiting_in(server)) == ids(children)


def test_a_chain_of_five_thousand_fails_to_its_end(server: Backend) -> None:
    chain = [new_task()]
    for _ in range(5_000):
        chain.append(new_task(depends_on=(chain[-1].id,)))
    server.queue.submit(chain)
    server.queue.cancel(chain[0].id)
    assert dict(server.queue.overview()) == {TaskStatus.CANCELLED: 1, TaskStatus.IMPOSSIBLE: 5_000}
    server.queue.retry([NewRetry(task=chain[0].id, new=new_task_id())])
    assert server.queue.overview()[TaskStatus.DEFERRED] == 5_000


def test_recover_goes_on_with_a_release_that_was_cut_off(server: Backend) -> None:
    parent, children = family(server, 2_000)
    hand = Hand(server)
    work = hand.take(parent.id)
    with killed_after_the_first_portion():
        hand.complete(work)
    assert 0 < len(waiting_in(server)) < 2_000
    assert_lawful(server)
    recover(server, lambda: len(waiting_in(server)) == 2_000)
    assert sorted(waiting_in(server)) == ids(children)


def test_recover_goes_on_with_a_failure_that_was_cut_off(server: Backend) -> None:
    parent, children = family(server, 450)
    server.queue.submit([new_task(depends_on=(child.id,)) for child in children])
    with killed_after_the_first_portion():
        server.queue.cancel(parent.id)
    assert_lawful(server)
    recover(server, lambda: server.queue.overview()[TaskStatus.IMPOSSIBLE] == 900)


def test_tasks_taken_meanwhile_are_not_released_again(backend: Backend) -> None:
    parent, children = family(backend, 500)
    hand = Hand(backend)
    work = hand.take(parent.id)
    with killed_after_the_first_portion():
        hand.complete(work)
    early = [hand.run() for _ in range(20)]
    recover(backend, lambda: len(waiting_in(backend)) == 480)
    assert sorted(early + waiting_in(backend)) == ids(children)


def test_who_was_impossible_is_revived_though_the_retry_was_quicker(backend: Backend) -> None:
    parent, children = family(backend, 300)
    backend.queue.submit([new_task(depends_on=(child.id,)) for child in children])
    backend.queue.cancel(parent.id)
    again, hand = new_task_id(), Hand(backend)
    with killed_after_the_first_portion():
        backend.queue.retry([NewRetry(task=parent.id, new=again)])
    hand.run(again)
    recover(backend, lambda: len(waiting_in(backend)) == 300)
    assert backend.queue.overview()[TaskStatus.DEFERRED] == 300


def test_who_was_impossible_is_revived_though_a_dependent_was_quicker(server: Backend) -> None:
    top, (middle,) = family(server, 1)
    bottom = new_tasks(300, depends_on=(middle.id,))
    last = [new_task(depends_on=(task.id,)) for task in bottom]
    server.queue.submit([*bottom, *last])
    server.queue.cancel(top.id)
    again, hand = new_task_id(), Hand(server)
    with killed_after_the_first_portion():
        server.queue.retry([NewRetry(task=top.id, new=again)])
    for task in (again, middle.id):
        hand.run(task)
        assert_lawful(server)
    recover(server, lambda: len(waiting_in(server)) == 300)
    assert server.queue.overview()[TaskStatus.DEFERRED] == 300


def test_a_deletion_that_was_cut_off_leaves_the_queue_in_order(server: Backend) -> None:
    parent, _ = family(server, 1_000)
    with killed_after_the_first_portion():
        server.queue.delete([parent.id], even_needed=True)
    assert_lawful(server)
    server.queue.delete([parent.id], even_needed=True)
    assert status_of(server, parent.id) is TaskStatus.MISSING
    assert dict(server.queue.overview()) == {TaskStatus.IMPOSSIBLE: 1_000}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_last_of_two_parents_releases(backend: Backend, order: tuple[int, int]) -> None:
    hand, parents = Hand(backend), new_tasks(2)
    children = new_tasks(250, depends_on=tuple(task.id for task in parents))
    backend.queue.submit([*parents, *children])
    hand.run(parents[order[0]].id)
    assert backend.queue.overview()[TaskStatus.DEFERRED] == 250
    hand.run(parents[order[1]].id)
    assert sorted(waiting_in(backend)) == ids(children)


def test_two_parents_that_end_at_once_release_once(backend: Backend, store: Adapter) -> None:
    others = [store.open(backend.queue_id) for _ in range(2)]
    hands, parents = [Hand(other) for other in others], new_tasks(2 * TOGETHER)
    pairs = [tuple(task.id for task in parents[at : at + 2]) for at in range(0, 2 * TOGETHER, 2)]
    children = [new_task(depends_on=pair) for pair in pairs]
    backend.queue.submit([*parents, *children])
    together = threading.Barrier(2)

    def run(side: int) -> None:
        for pair in pairs:
            work = hands[side].take(pair[side])
            together.wait(timeout=30)
            hands[side].complete(work)

    threads = [threading.Thread(target=run, args=(side,)) for side in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waiting_in(backend)) == ids(children)
    for other in others:
        other.close()
