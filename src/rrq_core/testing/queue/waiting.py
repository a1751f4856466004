"""Laws of `Queue.watch` and `Queue.ended`."""

from threading import Thread

from rrq_core.model.ids import TaskId, WatcherId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Ended, NewRetry
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_watcher
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import unchanged
from rrq_core.testing.waiting import wait_until

SOON = 10.0
AT_ONCE = 0.05


def ended(task: TaskId, status: TaskStatus) -> Ended:
    """What a watcher is told."""
    return Ended(task=task, status=status)


class WaitingTests(ContractCase):
    """Who watches a task is told of its end."""

    def told(self, backend: Backend, watcher: WatcherId, count: int) -> set[Ended]:
        """All that an inbox is told, until it is so much."""
        heard: list[Ended] = []

        def listen() -> bool:
            heard.extend(backend.queue.ended(watcher, 0.5))
            return len(heard) >= count

        wait_until(listen, f"the watcher is told of {count} ends", SOON)
        assert len(heard) == count, f"told too much: {heard}"
        return set(heard)

    def test_a_watcher_is_told_of_each_end(self, backend: Backend) -> None:
        hand, watcher = Hand(backend), new_watcher()
        ids = [answer.task for answer in backend.queue.submit(new_tasks(3))]
        assert backend.queue.watch(watcher, ids) == []
        hand.run(ids[0])
        hand.fail(hand.take(ids[1]))
        backend.queue.cancel(ids[2])
        statuses = (TaskStatus.COMPLETE, TaskStatus.ERROR, TaskStatus.CANCELLED)
        assert self.told(backend, watcher, 3) == {
            ended(task, status) for task, status in zip(ids, statuses, strict=True)
        }

    def test_watching_answers_what_is_over_and_what_is_unknown(self, backend: Backend) -> None:
        hand, unknown = Hand(backend), new_task_id()
        done, waiting = (answer.task for answer in backend.queue.submit(new_tasks(2)))
        hand.run(done)
        over = backend.queue.watch(new_watcher(), [done, waiting, unknown])
        assert set(over) == {ended(done, TaskStatus.COMPLETE), ended(unknown, TaskStatus.MISSING)}
        assert backend.queue.watch(new_watcher(), []) == []

    def test_an_end_is_kept_until_somebody_listens(self, backend: Backend) -> None:
        hand, watcher = Hand(backend), new_watcher()
        backend.queue.submit([task := new_task()], watcher=watcher)
        hand.run()
        assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.COMPLETE)}
        assert backend.queue.ended(watcher, AT_ONCE) == []

    def test_a_value_that_comes_with_the_news_is_that_of_the_task(self, backend: Backend) -> None:
        hand, watcher = Hand(backend), new_watcher()
        tasks = new_tasks(3)
        results = {task.id: b"r" * size for task, size in zip(tasks, (1, 300, 100_000), strict=True)}
        backend.queue.submit(tasks, watcher=watcher)
        for _ in tasks:
            work = hand.take()
            hand.complete(work, results[work.claim.task])
        told = self.told(backend, watcher, 3)
        assert {end.task for end in told} == results.keys()
        assert all(end.value in (None, results[end.task]) for end in told)

    def test_the_news_of_a_failure_has_no_value(self, backend: Backend) -> None:
        hand, watcher = Hand(backend), new_watcher()
        backend.queue.submit([task := new_task()], watcher=watcher)
        hand.fail(hand.take())
        (end,) = self.told(backend, watcher, 1)
        assert (end.task, end.status, end.value) == (task.id, TaskStatus.ERROR, None)

    def test_submitting_can_watch(self, backend: Backend) -> None:
        hand, watcher = Hand(backend), new_watcher()
        tasks = new_tasks(3)
        backend.queue.submit(tasks, watcher=watcher)
        for _ in tasks:
            hand.run()
        assert self.told(backend, watcher, 3) == {ended(task.id, TaskStatus.COMPLETE) for task in tasks}

    def test_submitting_what_is_known_watches_it(self, backend: Backend) -> None:
        hand, watcher, task = Hand(backend), new_watcher(), new_task(key="k")
        backend.queue.submit([task])
        backend.queue.submit([new_task(key="k")], watcher=watcher)
        hand.run(task.id)
        assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.COMPLETE)}

    def test_watching_twice_tells_once(self, backend: Backend) -> None:
        hand, watcher, task = Hand(backend), new_watcher(), new_task()
        backend.queue.submit([task], watcher=watcher)
        backend.queue.watch(watcher, [task.id])
        backend.queue.watch(watcher, [task.id])
        hand.run()
        assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.COMPLETE)}
        assert backend.queue.ended(watcher, AT_ONCE) == []

    def test_all_watchers_of_a_task_are_told(self, backend: Backend) -> None:
        hand, task, watchers = Hand(backend), new_task(), [new_watcher() for _ in range(20)]
        backend.queue.submit([task])
        for watcher in watchers:
            backend.queue.watch(watcher, [task.id])
        hand.run()
        for watcher in watchers:
            assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.COMPLETE)}

    def test_a_thousand_waiters_are_each_told_once(self, backend: Backend) -> None:
        hand = Hand(backend)
        tasks, watchers = new_tasks(250), [new_watcher() for _ in range(4)]
        backend.queue.submit(tasks)
        for watcher in watchers:
            backend.queue.watch(watcher, [task.id for task in tasks])
        backend.queue.remove([task.id for task in tasks[1:]], tasks[0].queue)
        hand.run(tasks[0].id)
        for watcher in watchers:
            assert {end.task for end in self.told(backend, watcher, 250)} == {task.id for task in tasks}
            assert backend.queue.ended(watcher, AT_ONCE) == []

    def test_many_tasks_can_be_watched_at_once(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(1_001))]
        assert backend.queue.watch(watcher := new_watcher(), ids) == []
        backend.queue.cancel(ids[-1])
        assert self.told(backend, watcher, 1) == {ended(ids[-1], TaskStatus.CANCELLED)}

    def test_a_waiter_sleeps_until_there_is_something(self, backend: Backend, second: Backend) -> None:
        watcher, task, heard = new_watcher(), new_task(), list[Ended]()
        backend.queue.submit([task], watcher=watcher)
        waiter = Thread(target=lambda: heard.extend(second.queue.ended(watcher, 60.0)), daemon=True)
        waiter.start()
        Hand(backend).run()
        waiter.join(SOON)
        assert heard == [ended(task.id, TaskStatus.COMPLETE)]

    def test_a_waiter_gives_up_in_time(self, backend: Backend) -> None:
        assert backend.queue.ended(new_watcher(), AT_ONCE) == []

    def test_dependents_that_become_impossible_are_told(self, backend: Backend) -> None:
        watcher, parent = new_watcher(), new_task()
        child = new_task(depends_on=(parent.id,))
        backend.queue.submit([parent, child], watcher=watcher)
        backend.queue.cancel(parent.id)
        expected = {ended(parent.id, TaskStatus.CANCELLED), ended(child.id, TaskStatus.IMPOSSIBLE)}
        assert self.told(backend, watcher, 2) == expected

    def test_a_deleted_task_is_told_as_missing(self, backend: Backend) -> None:
        watcher, task = new_watcher(), new_task()
        backend.queue.submit([task], watcher=watcher)
        backend.queue.delete([task.id])
        assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.MISSING)}

    def test_a_task_that_is_tried_again_is_not_over(self, backend: Backend) -> None:
        hand, watcher, task = Hand(backend), new_watcher(), new_task(retries=1)
        backend.queue.submit([task], watcher=watcher)
        hand.finish(hand.take(), TaskStatus.ERROR, retry_in=0.0)
        backend.queue.recover(now=True)
        hand.run(task.id)
        assert self.told(backend, watcher, 1) == {ended(task.id, TaskStatus.COMPLETE)}

    def test_a_moved_task_is_over_and_its_successor_is_watched_apart(self, backend: Backend) -> None:
        hand, watcher, task, again = Hand(backend), new_watcher(), new_task(), new_task_id()
        hand.fail(hand.submit_and_take(task))
        backend.queue.retry([NewRetry(task=task.id, new=again)])
        assert backend.queue.watch(watcher, [task.id, again]) == [ended(task.id, TaskStatus.MOVED)]
        hand.run(again)
        assert self.told(backend, watcher, 1) == {ended(again, TaskStatus.COMPLETE)}

    def test_watching_changes_nothing_that_can_be_seen(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task()])
        with unchanged(backend):
            backend.queue.watch(new_watcher(), [task.id, new_task_id()])
