"""Whatever a task does, its outcome comes back and the worker lives."""

import contextvars
import pickle
import sys
import threading
import warnings

import pytest

from rrq_core.errors import BackendUnavailable, ObjectMissing
from rrq_core.model.status import TaskStatus
from tests.unit.worker.lab import Lab

leftover = contextvars.ContextVar("leftover", default="nothing")


@pytest.fixture
def unseen(monkeypatch):
    """Warnings are shown to nobody."""
    monkeypatch.setattr(warnings, "showwarning", lambda *arguments: None)


def area(width, height):
    return width * height


async def later(value):
    return value


def numbers():
    yield 1


def lock():
    return {"deep": [threading.Lock()]}


def leave():
    sys.exit(3)


def interrupt():
    raise KeyboardInterrupt


def fail(text):
    raise ValueError(text)


def runaway(n=0):
    return runaway(n + 1)


def deep():
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest


def warn_and_fail(text):
    warnings.warn(text, UserWarning, stacklevel=1)
    raise ValueError(text)


def warn_often():
    for number in range(1000):
        warnings.warn(f"number {number}", UserWarning, stacklevel=1)
    raise ValueError


def keep_something():
    before = leftover.get()
    leftover.set("something")
    return before


def lose_the_store():
    raise BackendUnavailable("that of the task's own, which is none of ours")


def test_a_value_comes_back(lab: Lab):
    task = lab.submit(area, 6, 7)
    lab.work()
    assert lab.value(task) == 42


def send_on():
    pickle.dumps(type("Mine", (), {"__module__": "__main__"}))


def test_pickle_that_looks_for_code_of_a_script_inside_a_task_is_explained(lab: Lab):
    task = lab.submit(send_on)
    lab.work()
    assert "put it into a module" in lab.failure(task).trace


def test_a_coroutine_function_is_run(lab: Lab):
    task = lab.submit(later, 42)
    lab.work()
    assert lab.value(task) == 42


@pytest.mark.parametrize(("function", "named"), [(numbers, "generator"), (lock, "lock")])
def test_a_result_that_cannot_be_sent_is_an_error_that_names_its_type(lab: Lab, function, named):
    task, after = lab.submit(function), lab.submit(area, 1, 1)
    lab.work()
    failure = lab.failure(task)
    assert named in failure.message
    assert f"the result of {function.__name__}" in failure.message
    assert lab.value(after) == 1


@pytest.mark.parametrize(("function", "type_name"), [(leave, "SystemExit"), (interrupt, "KeyboardInterrupt")])
def test_a_task_that_would_end_the_process_ends_itself(lab: Lab, function, type_name):
    task, after = lab.submit(function), lab.submit(area, 1, 1)
    lab.work()
    assert lab.failure(task).type_name == type_name
    assert lab.value(after) == 1


def test_an_error_comes_back_with_traceback_and_original(lab: Lab):
    task = lab.submit(fail, "no such weather")
    lab.work()
    failure = lab.failure(task)
    assert (failure.type_name, failure.message) == ("ValueError", "no such weather")
    assert "in fail" in failure.trace
    assert "rrq_core" not in failure.trace
    assert repr(failure.cause()) == "ValueError('no such weather')"


def test_an_error_of_any_text_comes_back(lab: Lab):
    text = "no file \udce9\n" * 1000
    task = lab.submit(fail, text)
    lab.work()
    assert lab.failure(task).message.startswith("no file \udce9\nno file")


@pytest.mark.parametrize("function", [runaway, deep])
def test_endless_depth_is_an_error_of_a_sane_size(lab: Lab, function):
    task, after = lab.submit(function), lab.submit(area, 1, 1)
    lab.work()
    failure = lab.failure(task)
    assert "recursion" in (failure.message + failure.trace).lower()
    assert len(failure.trace) < 100_000
    assert lab.value(after) == 1


@pytest.mark.filterwarnings("always::UserWarning")
def test_warnings_come_back_with_the_error_each_time(lab: Lab, unseen):
    tasks = [lab.submit(warn_and_fail, text) for text in ("first", "second", "second")]
    lab.work()
    found = [lab.failure(task).warnings for task in tasks]
    assert [len(each) for each in found] == [1, 1, 1]
    assert [text in each[0] for text, each in zip(("first", "second", "second"), found, strict=True)] == [True] * 3


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_warning_that_python_has_shown_before_still_comes_back(lab: Lab, unseen):
    tasks = [lab.submit(warn_and_fail, "the same each time") for _ in range(3)]
    lab.work()
    assert [len(lab.failure(task).warnings) for task in tasks] == [1, 1, 1]


@pytest.mark.filterwarnings("always::UserWarning")
def test_of_a_flood_of_warnings_the_first_hundred_come_back(lab: Lab, unseen):
    task = lab.submit(warn_often)
    lab.work()
    assert len(lab.failure(task).warnings) == 100


@pytest.mark.filterwarnings("always::UserWarning")
def test_warnings_find_their_own_task_among_threads(lab: Lab, unseen):
    meeting = threading.Barrier(2, timeout=10)
    meetings[meeting_name := "of two"] = meeting
    tasks = {text: lab.submit(warn_together, meeting_name, text) for text in ("left", "right")}
    workers = [threading.Thread(target=lab.work, args=(name,)) for name in ("w1", "w2")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for text, task in tasks.items():
        assert [text in warning for warning in lab.failure(task).warnings] == [True]


meetings: dict[str, threading.Barrier] = {}


def warn_together(meeting, text):
    meetings[meeting].wait()
    warnings.warn(text, UserWarning, stacklevel=1)
    meetings[meeting].wait()
    raise ValueError(text)


def test_context_variables_that_a_task_sets_are_gone_after_it(lab: Lab):
    tasks = [lab.submit(keep_something) for _ in range(2)]
    lab.work()
    assert [lab.value(task) for task in tasks] == ["nothing", "nothing"]


def test_a_missing_module_is_named_with_host_path_and_remedies(lab: Lab, tmp_path, monkeypatch):
    (tmp_path / "only_here_31b7.py").write_text("def area(r):\n    return r * r\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here_31b7

    task = lab.submit(only_here_31b7.area, 2)
    monkeypatch.undo()
    del sys.modules["only_here_31b7"]
    lab.work()
    message = lab.failure(task).message
    assert all(part in message for part in ("only_here_31b7", "host", "looking in", "by_value"))


def test_values_too_large_to_travel_are_fetched_in_one_call(lab: Lab):
    asked = []

    def get(hashes):
        asked.append(len(hashes))
        return lab.backend.objects.get(hashes)

    task = lab.submit(lambda a, b: len(a) + len(b), "a" * 100_000, "b" * 200_000)
    lab.altered(objects={"get": get}).work()
    assert lab.value(task) == 300_000
    assert asked == [2]


def test_a_value_that_is_gone_is_the_error_of_the_task_that_needs_it(lab: Lab):
    task, after = lab.submit(len, "a" * 100_000), lab.submit(area, 1, 1)
    lab.altered(objects={"get": lambda hashes: [None for _ in hashes]}).work()
    assert isinstance(lab.failure(task).cause(), ObjectMissing)
    assert lab.value(after) == 1


def test_an_outage_that_a_task_meets_by_itself_is_its_error(lab: Lab):
    task = lab.submit(lose_the_store)
    lab.work()
    assert lab.status(task) == TaskStatus.ERROR
    assert "BackendUnavailable" in lab.failure(task).type_name
