"""Results: values, and the errors of tasks that failed."""

import copy
import pickle
import traceback
from collections.abc import Callable

import pytest

import rrq_core as rrq
from rrq_core.client.task_error import to_raise
from rrq_core.model.ids import new_task_id
from tests.unit.client.calls import OddError, double, fail, raise_error, warn_and_fail

GRACE = 10


def error_of(task: rrq.Task[object]) -> rrq.TaskError:
    """Give the error that a task raises at its result."""
    with pytest.raises(rrq.TaskError) as caught:
        task.result(GRACE)
    return caught.value


def test_a_result_that_is_not_there_yet_is_no_value(q: rrq.Controller) -> None:
    task = q.submit(double, 1)
    with pytest.raises(rrq.ResultMissing, match=f"{task.id} is PENDING"):
        rrq.task_result(task)
    with pytest.raises(rrq.ResultMissing, match="2 of 2 tasks have none"):
        rrq.task_results([task, q.submit(double, 2)])
    assert issubclass(rrq.ResultMissing, LookupError)


def test_an_unknown_task_has_no_result(q: rrq.Controller) -> None:
    with pytest.raises(rrq.TaskNotFound):
        rrq.task_result(new_task_id())


def test_results_come_in_order_or_by_id(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = q.map(double, range(3))
    tasks.wait(GRACE)
    assert rrq.task_results(tasks) == [0, 2, 4]
    assert rrq.task_results([tasks[2].id, tasks[0]], named=True) == {tasks[2].id: 4, tasks[0].id: 0}
    assert rrq.task_results(tasks[1]) == [2]
    assert rrq.task_results([]) == []


def test_values_too_large_for_one_answer_come_all_the_same(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert [len(value) for value in q.map(bytes_of, [5_000_000] * 3, b"abc").results(GRACE)] == [5_000_000] * 3


def bytes_of(n: int, letter: int) -> bytes:
    return bytes([letter]) * n


def test_an_error_is_given_back_as_it_is_and_raised_as_the_original_too(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    task = q.submit(fail, "on purpose")
    task.wait(GRACE)
    given = rrq.task_result(task)
    assert type(given) is rrq.TaskError
    assert (given.status, given.task_id, given.queue_id) == ("ERROR", task.id, "lab")
    assert str(given) == f"task {task.id} is ERROR: ValueError: on purpose"
    with pytest.raises(ValueError, match="on purpose") as caught:
        rrq.task_result(task, error=True)
    assert isinstance(caught.value, rrq.TaskError)
    assert caught.value.args == ("on purpose",)


@pytest.mark.filterwarnings("default:not so hot")
def test_an_error_brings_the_traceback_the_warnings_and_the_original(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    error = error_of(q.submit(warn_and_fail))
    assert 'raise KeyError("lost")' in error.trace
    assert "not so hot" in error.warnings[0]
    assert isinstance(error.cause, KeyError)
    assert error.__cause__ is error.cause
    assert "in warn_and_fail" in "".join(traceback.format_exception(error))


class Picky(Exception):
    def __init_subclass__(cls) -> None:
        raise TypeError("not to be derived from")


def test_fields_of_the_original_are_fields_of_what_is_raised(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    missing = error_of(q.submit(open, "/no/such/file"))
    assert isinstance(missing, FileNotFoundError)
    assert (missing.errno, missing.filename) == (2, "/no/such/file")
    odd = error_of(q.submit(raise_error, OddError(7, where="here")))
    assert isinstance(odd, OddError)
    assert (odd.code, odd.where) == (7, "here")
    hoarding = error_of(q.submit(raise_error, MemoryError("too much")))
    assert isinstance(hoarding, MemoryError)
    decoding = error_of(q.submit(bytes.decode, b"\xff", "utf-8"))
    assert isinstance(decoding, UnicodeDecodeError)
    assert decoding.start == 0


def test_an_error_without_a_text_is_told_by_its_type_alone(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.submit(raise_error, ValueError())
    assert str(error_of(task)) == f"task {task.id} is ERROR: ValueError"
    assert task.info().attempts[0].error == "ValueError"


@pytest.mark.parametrize("kind", [StopIteration, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_would_stop_more_than_the_caller_is_raised_as_a_task_error_only(
    q: rrq.Controller, workers: rrq.WorkerManager, kind: type[BaseException]
) -> None:
    error = error_of(q.submit(raise_error, kind("on purpose")))
    assert type(error) is rrq.TaskError
    assert isinstance(error.cause, kind)


def test_a_group_and_a_type_that_refuses_are_raised_as_a_task_error_only(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    assert type(error_of(q.submit(raise_error, ExceptionGroup("two", [ValueError(1)])))) is rrq.TaskError
    assert type(error_of(q.submit(raise_error, Picky("no")))) is rrq.TaskError


@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_an_error_travels(
    q: rrq.Controller, workers: rrq.WorkerManager, travel: Callable[[rrq.TaskError], rrq.TaskError]
) -> None:
    task = q.submit(fail, "on purpose")
    raised, given = travel(error_of(task)), travel(rrq.task_result(task))  # type: ignore[arg-type]  # it failed
    assert isinstance(raised, ValueError)
    assert type(given) is rrq.TaskError
    for error in (raised, given):
        assert (error.task_id, str(error)) == (task.id, str(error_of(task)))
        assert isinstance(error.cause, ValueError)


@pytest.mark.filterwarnings("default:not so hot")
def test_errors_of_several_tasks_are_raised_together(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    tasks = [q.submit(fail, "one"), q.submit(double, 1), q.submit(warn_and_fail)]
    rrq.task_wait(tasks, GRACE)
    assert [type(result) for result in rrq.task_results(tasks)] == [rrq.TaskError, int, rrq.TaskError]
    with pytest.raises(rrq.TaskErrorGroup, match="2 of 3") as caught:
        rrq.task_results(tasks, error=True)
    values, others = caught.value.split(ValueError)
    assert isinstance(values, rrq.TaskErrorGroup)
    assert isinstance(others, rrq.TaskErrorGroup)
    assert [str(error.cause) for error in values.exceptions] == ["one"]


def test_a_value_that_is_an_error_is_a_value(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    value = q.submit(ValueError, "a value").result(GRACE)
    assert isinstance(value, ValueError)
    error = error_of(q.submit(fail, "on purpose"))
    assert isinstance(q.submit(same, error).result(GRACE), rrq.TaskError)


def same(value: object) -> object:
    return value


def raise_a_chain() -> None:
    try:
        try:
            raise ZeroDivisionError("first")
        except ZeroDivisionError as error:
            error.add_note("a note on the first")
            raise KeyError("second") from error
    except KeyError:
        last = ValueError("third")
        last.add_note("a note on the third")
        raise last  # noqa: B904  # a context, and no cause, is what it is about


def raise_and_hide() -> None:
    try:
        raise KeyError("hidden")
    except KeyError:
        raise ValueError("shown") from None


def test_causes_contexts_and_notes_are_shown_as_python_shows_them(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    error = error_of(q.submit(raise_a_chain))
    assert isinstance(error, ValueError)
    assert error.__notes__ == ["a note on the third"]
    assert isinstance(error.cause, ValueError)
    assert isinstance(error.cause.__context__, KeyError)
    assert isinstance(error.cause.__context__.__cause__, ZeroDivisionError)
    assert error.cause.__context__.__cause__.__notes__ == ["a note on the first"]
    shown = "".join(traceback.format_exception(error))
    order = [shown.index(text) for text in ("a note on the first", "direct cause", "second", "During", "third")]
    assert order == sorted(order)
    assert "hidden" not in "".join(traceback.format_exception(error_of(q.submit(raise_and_hide))))


def test_notes_do_not_pile_up_when_an_error_is_raised_again(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    group = ExceptionGroup("two", [ValueError(1)])
    group.add_note("once")
    task = q.submit(raise_error, group)
    task.wait(GRACE)
    given = rrq.task_result(task)
    assert isinstance(given, rrq.TaskError)
    assert [to_raise(given).__notes__ for _ in range(2)] == [["once"], ["once"]]
