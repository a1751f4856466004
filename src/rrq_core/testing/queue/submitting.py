"""Laws of `Queue.submit`."""

import pytest
from attrs import evolve

from rrq_core.errors import KeyTaken, ObjectMissing, TaskNotFound
from rrq_core.model.ids import GroupName, QueueName, Tag, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import Submitted
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task, new_tasks, new_value
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.looking import bytes_of, record_of, status_of, unchanged, waiting_in

ODD_NAMES = ("a:b", "a*", "[a-z]?", "a:wake", "wake:a", "Grüße, 世界", "with spaces", "{tag}", "%s\\", "'\"", "x" * 200)


class SubmittingTests(ContractCase):
    """What becomes of tasks that are submitted."""

    def test_a_task_without_conditions_is_pending_in_its_queue(self, backend: Backend) -> None:
        task = new_task(queue=QueueName("fast"))
        answers = backend.queue.submit([task])
        first = Submitted(task=task.id, status=TaskStatus.PENDING)
        self.assert_answer(answers, [first], [Submitted(task=task.id, status=TaskStatus.PENDING, known=True)])
        assert waiting_in(backend, QueueName("fast")) == [task.id]
        assert waiting_in(backend) == []

    def test_tasks_wait_in_the_order_of_submission(self, backend: Backend) -> None:
        tasks = new_tasks(5)
        backend.queue.submit(tasks[:3])
        backend.queue.submit(tasks[3:])
        assert waiting_in(backend) == [task.id for task in tasks]

    def test_a_task_in_front_goes_before_those_that_wait(self, backend: Backend) -> None:
        patient, urgent = new_task(), new_task(front=True)
        backend.queue.submit([patient])
        backend.queue.submit([urgent])
        assert waiting_in(backend) == [urgent.id, patient.id]

    def test_submitting_nothing_is_fine(self, backend: Backend) -> None:
        assert backend.queue.submit([]) == []

    def test_a_long_submission_keeps_its_order(self, backend: Backend) -> None:
        tasks = new_tasks(251)
        answers = backend.queue.submit(tasks)
        assert [answer.task for answer in answers] == [task.id for task in tasks]
        assert waiting_in(backend) == [task.id for task in tasks]

    @pytest.mark.parametrize(
        "body", [b"", bytes(range(256)), b"\r\n\0", b"x" * 100_000], ids=["0", "256", "crlf", "100k"]
    )
    def test_a_body_may_be_any_bytes(self, backend: Backend, body: bytes) -> None:
        task = new_task(body=body)
        assert Hand(backend).submit_and_take(task).body == body
        assert record_of(backend, task.id).body == body

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_a_queue_may_have_any_name(self, backend: Backend, name: str) -> None:
        task, queue = new_task(queue=QueueName(name)), QueueName(name)
        backend.queue.submit([task])
        assert waiting_in(backend, queue) == [task.id]
        assert record_of(backend, task.id).queue == name
        assert Hand(backend, [queue]).take().claim.task == task.id

    def test_queues_with_similar_names_are_apart(self, backend: Backend) -> None:
        names = [QueueName(name) for name in ("a", "a:b", "a*", "a:wake", "wake:a", "b")]
        tasks = {name: new_task(queue=name) for name in names}
        backend.queue.submit(list(tasks.values()))
        assert {name: waiting_in(backend, name) for name in names} == {name: [tasks[name].id] for name in names}

    def test_what_was_submitted_can_be_read(self, backend: Backend) -> None:
        task = new_task(body=b"call", separate_process=True, timeout=2.5)
        backend.queue.submit([task])
        record = record_of(backend, task.id)
        assert (record.status, record.queue, record.body) == (TaskStatus.PENDING, task.queue, b"call")
        assert (record.separate_process, record.timeout) == (True, 2.5)
        assert record.times is not None
        assert record.times.submit is not None
        assert (record.times.start, record.times.complete, record.times.moved) == (None, None, None)
        assert (record.worker, record.result, record.reason, record.moved_to) == (None, None, None, None)

    def test_only_what_is_asked_for_is_read(self, backend: Backend) -> None:
        task = new_task()
        backend.queue.submit([task])
        record = backend.queue.read([task.id], frozenset(), follow=False)[0]
        assert record is not None
        assert (record.id, record.body, record.times, record.attempts) == (task.id, None, None, None)

    def test_reading_answers_in_order_and_none_for_unknown_tasks(self, backend: Backend) -> None:
        tasks = new_tasks(2)
        backend.queue.submit(tasks)
        asked = [tasks[1].id, new_task_id(), tasks[0].id, tasks[1].id]
        records = backend.queue.read(asked, frozenset(), follow=True)
        assert [record and record.id for record in records] == [asked[0], None, asked[2], asked[3]]
        assert backend.queue.read([], frozenset(), follow=True) == []

    def test_a_second_handle_sees_what_was_submitted(self, backend: Backend, second: Backend) -> None:
        task = new_task()
        backend.queue.submit([task])
        self.settle()
        assert set(second.queue.tasks()) == {task.id}
        assert Hand(second).take().body == task.body

    def test_tasks_are_listed_by_status(self, backend: Backend) -> None:
        waiting, later = new_task(), new_task(delay=60)
        backend.queue.submit([waiting, later])
        assert set(backend.queue.tasks()) == {waiting.id, later.id}
        assert set(backend.queue.tasks(TaskStatus.DEFERRED)) == {later.id}
        assert set(backend.queue.tasks(TaskStatus.ERROR)) == set()

    def test_a_slice_of_a_queue_tells_how_many_wait_in_all(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(5))]
        part = backend.queue.waiting(new_task().queue, 1, 3)
        assert (part.total, list(part.tasks)) == (5, ids[1:3])
        assert backend.queue.waiting(new_task().queue, 4, 99).tasks == (ids[4],)
        assert backend.queue.waiting(new_task().queue, 2, 2).tasks == ()
        assert backend.queue.waiting(QueueName("empty")).total == 0

    def test_positions_count_from_one(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit(new_tasks(3))]
        assert backend.queue.positions([ids[2], new_task_id(), ids[0]], new_task().queue) == [3, None, 1]
        assert backend.queue.preceding(ids[2], new_task().queue) == ids[:2]
        assert backend.queue.preceding(new_task_id(), new_task().queue) is None

    def test_an_overview_counts_tasks_by_status(self, backend: Backend) -> None:
        ids = [answer.task for answer in backend.queue.submit([*new_tasks(2), new_task(delay=60)])]
        counts = backend.queue.overview()
        assert (counts[TaskStatus.PENDING], counts[TaskStatus.DEFERRED]) == (2, 1)
        some = backend.queue.overview([ids[0], new_task_id()])
        assert (some[TaskStatus.PENDING], some[TaskStatus.MISSING]) == (1, 1)


class SubmittingAgainTests(ContractCase):
    """What is known is not submitted twice."""

    def test_a_task_submitted_again_changes_nothing(self, backend: Backend) -> None:
        tasks = new_tasks(2)
        backend.queue.submit(tasks)
        with unchanged(backend):
            again = backend.queue.submit(tasks)
        assert again == [Submitted(task=task.id, status=TaskStatus.PENDING, known=True) for task in tasks]

    def test_a_task_that_has_ended_stays_ended_when_submitted_again(self, backend: Backend) -> None:
        task = new_task()
        backend.queue.submit([task])
        Hand(backend).run()
        again = backend.queue.submit([task])
        assert again == [Submitted(task=task.id, status=TaskStatus.COMPLETE, known=True)]
        assert waiting_in(backend) == []

    def test_one_id_twice_in_a_call_is_one_task(self, backend: Backend) -> None:
        task = new_task()
        answers = backend.queue.submit([task, task])
        assert [answer.task for answer in answers] == [task.id, task.id]
        assert answers[1].known
        assert waiting_in(backend) == [task.id]

    def test_the_same_key_gives_the_same_task(self, backend: Backend) -> None:
        first, again = new_task(key="daily", call="f(1)"), new_task(key="daily", call="f(1)")
        backend.queue.submit([first])
        answers = backend.queue.submit([again])
        assert answers == [Submitted(task=first.id, status=TaskStatus.PENDING, known=True)]
        assert status_of(backend, again.id) is TaskStatus.MISSING

    def test_one_key_twice_in_a_call_is_one_task(self, backend: Backend) -> None:
        first, again = new_task(key="daily"), new_task(key="daily")
        answers = backend.queue.submit([first, again])
        assert [answer.task for answer in answers] == [first.id, first.id]
        assert set(backend.queue.tasks()) == {first.id}

    def test_a_key_lasts_until_its_task_is_deleted(self, backend: Backend) -> None:
        first, second, third = (new_task(key="daily") for _ in range(3))
        backend.queue.submit([first])
        Hand(backend).run()
        assert backend.queue.submit([second])[0].task == first.id
        backend.queue.delete([first.id])
        assert backend.queue.submit([third])[0].task == third.id

    def test_a_key_of_another_call_is_refused(self, backend: Backend) -> None:
        first, other = new_task(key="daily", call="f(1)"), new_task(key="daily", call="f(2)")
        backend.queue.submit([first])
        with unchanged(backend), pytest.raises(KeyTaken) as refused:
            backend.queue.submit([new_task(), other])
        assert (refused.value.key, refused.value.task) == ("daily", first.id)

    def test_one_key_for_two_calls_at_once_is_refused(self, backend: Backend) -> None:
        with unchanged(backend), pytest.raises(KeyTaken):
            backend.queue.submit([new_task(key="daily", call="f(1)"), new_task(key="daily", call="f(2)")])

    def test_a_key_may_be_any_text(self, backend: Backend) -> None:
        keys = ["a b", "a", " ", "a:b", "1", "schön\n", "group x y"]
        tasks = [new_task(key=key, call=f"call of {key}") for key in keys]
        backend.queue.submit(tasks)
        again = backend.queue.submit([new_task(key=task.key, call=task.call) for task in tasks])
        assert [answer.task for answer in again] == [task.id for task in tasks]


class GroupTests(ContractCase):
    """Tasks of named groups are found again."""

    def test_a_group_lists_its_tasks_in_order_of_submission(self, backend: Backend) -> None:
        name = GroupName("night: 1")
        tasks, others = new_tasks(3, group=name), new_tasks(2, group=GroupName("night"))
        backend.queue.submit([tasks[0], others[0], tasks[1]])
        backend.queue.submit([others[1], tasks[2]])
        assert backend.queue.group(name) == [task.id for task in tasks]

    def test_a_long_group_keeps_its_order(self, backend: Backend) -> None:
        tasks = new_tasks(260, group=GroupName("many"))
        backend.queue.submit(tasks)
        assert backend.queue.group(GroupName("many")) == [task.id for task in tasks]

    def test_an_unknown_group_is_empty(self, backend: Backend) -> None:
        assert backend.queue.group(GroupName("nobody")) == []

    def test_a_deleted_task_leaves_its_group(self, backend: Backend) -> None:
        tasks = new_tasks(2, group=GroupName("night"))
        backend.queue.submit(tasks)
        backend.queue.delete([tasks[0].id])
        assert backend.queue.group(GroupName("night")) == [tasks[1].id]

    def test_a_key_in_a_group_is_another_than_the_same_outside(self, backend: Backend) -> None:
        tasks = [new_task(key="k"), new_task(key="k", group=GroupName("g")), new_task(key="k", group=GroupName("h"))]
        answers = backend.queue.submit(tasks)
        assert [answer.task for answer in answers] == [task.id for task in tasks]


class SubmittedValueTests(ContractCase):
    """Values that tasks name are there as long as the tasks."""

    def test_a_value_comes_with_its_task(self, backend: Backend) -> None:
        value = new_value(b"argument")
        task = new_task(values=(value.hash,))
        backend.queue.submit([task], [value])
        assert bytes_of(backend, value.hash) == b"argument"
        assert set(backend.objects.tags()) == {Tag(task.id)}

    def test_a_value_of_two_tasks_goes_with_the_last_of_them(self, backend: Backend) -> None:
        value = new_value(b"shared")
        tasks = new_tasks(2, values=(value.hash,))
        backend.queue.submit(tasks, [value])
        backend.queue.delete([tasks[0].id])
        assert bytes_of(backend, value.hash) == b"shared"
        backend.queue.delete([tasks[1].id])
        assert bytes_of(backend, value.hash) is None

    def test_a_value_that_is_stored_need_not_be_sent(self, backend: Backend) -> None:
        value = new_value(b"stored before")
        backend.queue.submit([new_task(values=(value.hash,))], [value])
        task = new_task(values=(value.hash,))
        backend.queue.submit([task])
        assert Tag(task.id) in set(backend.objects.tags())

    def test_values_put_before_pass_from_the_provisional_tag_to_the_task(self, backend: Backend) -> None:
        value, unused, tag = new_value(b"large"), new_value(b"not named after all"), Tag("provisional-1")
        backend.objects.put(tag, [value, unused], provisional=True)
        task = new_task(values=(value.hash,))
        backend.queue.submit([task], provisional=tag)
        assert set(backend.objects.tags()) == {Tag(task.id)}
        assert set(backend.objects.hashes()) == {value.hash}

    def test_a_provisional_tag_is_dropped_with_the_last_portion(self, backend: Backend) -> None:
        value, tag = new_value(b"large"), Tag("provisional-2")
        backend.objects.put(tag, [value], provisional=True)
        tasks = [*new_tasks(300), new_task(values=(value.hash,))]
        backend.queue.submit(tasks, provisional=tag)
        assert set(backend.objects.tags()) == {Tag(tasks[-1].id)}

    def test_a_value_that_is_not_there_is_refused(self, backend: Backend) -> None:
        missing = new_value(b"never stored")
        with unchanged(backend), pytest.raises(ObjectMissing) as refused:
            backend.queue.submit([new_task(), new_task(values=(missing.hash,))])
        assert refused.value.hashes == (missing.hash,)

    def test_an_unknown_dependency_is_refused(self, backend: Backend) -> None:
        unknown = new_task_id()
        value = new_value(b"comes along")
        with unchanged(backend), pytest.raises(TaskNotFound) as refused:
            backend.queue.submit([new_task(values=(value.hash,)), new_task(depends_on=(unknown,))], [value])
        assert refused.value.tasks == (unknown,)

    def test_a_task_cannot_depend_on_itself_or_a_later_one(self, backend: Backend) -> None:
        itself, later = new_task(), new_task()
        for parent in (itself, later):
            with unchanged(backend), pytest.raises(TaskNotFound):
                backend.queue.submit([evolve(itself, depends_on=(parent.id,)), later])
