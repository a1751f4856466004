"""Laws of `Queue.delete`."""

import pytest

from rrq_core.errors import TaskInUse
from rrq_core.model.ids import QueueName, Tag, TaskId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import NewRetry
from rrq_core.model.value import Dropped, Written
from rrq_core.model.work import Work
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import status_of, unchanged, waiting_in, worker_of


class DeletingTests(ContractCase):
    """Tasks that are deleted are gone with all that is theirs."""

    def delete(self, backend: Backend, *tasks: TaskId, even_running: bool = False, even_needed: bool = False) -> None:
        """Delete, and hold that the answer names these tasks."""
        dropped = backend.queue.delete(tasks, even_running, even_needed)
        self.assert_answer(set(dropped.tasks), set(tasks), set())

    def test_a_deleted_task_is_unknown(self, backend: Backend) -> None:
        hand, tasks = Hand(backend), new_tasks(2)
        backend.queue.submit(tasks)
        hand.run(tasks[0].id)
        self.delete(backend, tasks[0].id)
        assert set(backend.queue.tasks()) == {tasks[1].id}
        assert status_of(backend, tasks[0].id) is TaskStatus.MISSING

    def test_a_deleted_task_leaves_its_queue(self, backend: Backend) -> None:
        waiting, gone, later = new_task(), new_task(), new_task(delay=60.0)
        backend.queue.submit([gone, waiting, later])
        self.delete(backend, gone.id, later.id)
        assert waiting_in(backend) == [waiting.id]

    def test_values_that_nobody_uses_go_with_the_task(self, backend: Backend) -> None:
        hand, argument = Hand(backend), new_value(b"argument")
        task = new_task(values=(argument.hash,))
        backend.queue.submit([task], [argument])
        hand.run(task.id, b"result")
        dropped = backend.queue.delete([task.id])
        self.assert_answer(set(dropped.hashes), {argument.hash, new_value(b"result").hash}, set())
        assert set(backend.objects.hashes()) == set()
        assert set(backend.objects.tags()) == set()

    def test_offload_names_come_back_for_deletion(self, backend: Backend) -> None:
        hand, task, value = Hand(backend), new_task(), new_value(b"large", is_large=True)
        work = hand.submit_and_take(task)
        name = backend.objects.put(Tag(task.id), [value], work.claim)[0].name or ""
        backend.objects.commit(Tag(task.id), [Written(hash=value.hash, name=name, size=5)], work.claim)
        hand.finish(work, result=value.hash)
        dropped = backend.queue.delete([task.id])
        self.assert_answer(dropped.names, (name,), ())

    @pytest.mark.parametrize("member", [0, 1, 2])
    def test_a_chain_is_deleted_as_a_whole(self, backend: Backend, member: int) -> None:
        hand, chain = Hand(backend), [new_task()]
        backend.queue.submit(chain)
        for _ in range(2):
            hand.fail(hand.take(chain[-1].id))
            chain.append(new_task())
            backend.queue.retry([NewRetry(task=chain[0].id, new=chain[-1].id)])
        dropped = backend.queue.delete([chain[member].id])
        self.assert_answer(set(dropped.tasks), {task.id for task in chain}, set())
        assert set(backend.queue.tasks()) == set()
        assert waiting_in(backend) == []
        assert set(backend.objects.hashes()) == set()

    def test_unknown_tasks_are_passed_over(self, backend: Backend) -> None:
        backend.queue.submit([task := new_task()])
        with unchanged(backend):
            assert backend.queue.delete([new_task_id()]) == Dropped()
            assert backend.queue.delete([]) == Dropped()
        dropped = backend.queue.delete([new_task_id(), task.id, task.id])
        self.assert_answer(dropped.tasks, (task.id,), ())

    def test_more_tasks_than_a_portion_are_deleted(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(251))]
        backend.queue.submit([kept := new_task()])
        self.delete(backend, *ids)
        assert set(backend.queue.tasks()) == {kept.id}
        assert waiting_in(backend) == [kept.id]

    def test_a_running_task_is_not_deleted(self, backend: Backend) -> None:
        hand, done, running = Hand(backend), new_task(), new_task()
        hand.complete(hand.submit_and_take(done))
        hand.submit_and_take(running)
        with unchanged(backend), pytest.raises(TaskInUse, match=running.id):
            backend.queue.delete([done.id, running.id])

    def test_one_running_task_among_many_saves_them_all(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(251))]
        Hand(backend).take(ids[-1])
        with pytest.raises(TaskInUse):
            backend.queue.delete(ids)
        assert len(set(backend.queue.tasks())) == 251

    def test_a_running_task_can_be_deleted_by_force(self, backend: Backend) -> None:
        hand, running, following = Hand(backend), new_task(), new_task()
        hand.submit_and_take(running)
        self.delete(backend, running.id, even_running=True)
        assert worker_of(backend, hand.worker.id).task is None
        backend.queue.submit([following])
        work = hand.look()
        assert isinstance(work, Work)
        assert work.claim.task == following.id

    def test_a_task_that_is_needed_is_not_deleted(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,))
        backend.queue.submit([parent, child])
        with unchanged(backend), pytest.raises(TaskInUse, match=child.id):
            backend.queue.delete([parent.id])

    def test_tasks_that_need_each_other_are_deleted_together(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,))
        backend.queue.submit([parent, child])
        self.delete(backend, parent.id, child.id)
        assert set(backend.queue.tasks()) == set()

    @pytest.mark.parametrize("others", [0, 251], ids=["few", "many"])
    def test_a_retried_dependent_is_deleted_by_any_of_its_names(self, backend: Backend, others: int) -> None:
        parent, more = new_task(), new_tasks(others)
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,)), *more])
        backend.queue.cancel(child.id)
        backend.queue.retry([NewRetry(task=child.id, new=new_task_id())])
        backend.queue.delete([parent.id, child.id, *(task.id for task in more)])
        assert set(backend.queue.tasks()) == set()

    @pytest.mark.parametrize("others", [0, 251], ids=["few", "many"])
    def test_what_a_retried_task_is_needed_by_saves_it(self, backend: Backend, others: int) -> None:
        parent, more = new_task(), new_tasks(others)
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,)), *more])
        backend.queue.cancel(parent.id)
        backend.queue.retry([NewRetry(task=parent.id, new=new_task_id())])
        with unchanged(backend), pytest.raises(TaskInUse, match=child.id):
            backend.queue.delete([parent.id, *(task.id for task in more)])

    def test_what_needs_a_task_that_is_deleted_by_force_is_impossible(self, backend: Backend) -> None:
        parent = new_task()
        child = new_task(depends_on=(parent.id,), queue=QueueName("other"))
        grandchild = new_task(depends_on=(child.id,))
        backend.queue.submit([parent, child, grandchild])
        self.delete(backend, parent.id, even_needed=True)
        assert {status_of(backend, task.id) for task in (child, grandchild)} == {TaskStatus.IMPOSSIBLE}

    def test_a_parent_that_is_over_can_be_deleted(self, backend: Backend) -> None:
        hand, parents = Hand(backend), new_tasks(2)
        child = new_task(depends_on=(parents[0].id, parents[1].id))
        backend.queue.submit([*parents, child])
        hand.run(parents[0].id)
        self.delete(backend, parents[0].id)
        hand.run(parents[1].id)
        assert waiting_in(backend) == [child.id]

    def test_the_child_of_a_deleted_failure_can_be_deleted(self, backend: Backend) -> None:
        hand, parent = Hand(backend), new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,))])
        hand.fail(hand.take(parent.id))
        self.delete(backend, parent.id)
        assert status_of(backend, child.id) is TaskStatus.IMPOSSIBLE
        self.delete(backend, child.id)
        assert set(backend.queue.tasks()) == set()

    def test_a_deleted_child_does_not_hold_its_parent(self, backend: Backend) -> None:
        parent = new_task()
        backend.queue.submit([parent, child := new_task(depends_on=(parent.id,))])
        self.delete(backend, child.id)
        self.delete(backend, parent.id)
        assert set(backend.queue.tasks()) == set()
