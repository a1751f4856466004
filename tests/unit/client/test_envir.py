"""Setting the environment of workers, which are threads here."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.model.ids import DEFAULT_QUEUE, new_task_id
from rrq_core.model.setting import ENVIR
from rrq_core.model.task import NewTask
from rrq_core.worker.packages_and_sources import PackagesAndSources
from tests.unit.worker.elsewhere import encoded_elsewhere

SOON = 10


def rate_of_three(names: dict[str, object]) -> None:
    names["rate"] = lambda: 3


def broken(names: dict[str, object]) -> None:
    raise ValueError("no such planet")


def evaluated(text: str = "rate()") -> object:
    """What the workers answer; all answer the same."""
    first, *others = rrq.message_send_and_wait("EVAL", text, named=False, timeout=SOON, progress=False)
    assert [str(other) for other in others] == [str(first)] * len(others)
    return first


def setting(q: rrq.Controller) -> bytes | None:
    return q.backend.settings.get(ENVIR)


def submit_rate(q: rrq.Controller) -> "rrq.Task[object]":
    """Submit a call of a function that only the environment has, by its name."""
    id = new_task_id()
    call = encoded_elsewhere("rate", q.queue_id, id)
    q.backend.queue.submit([NewTask(id=id, body=call.body, queue=DEFAULT_QUEUE, call=call.call)])
    return q.task(id)


@pytest.mark.usefixtures("workers")
def test_workers_that_are_there_make_it_at_once() -> None:
    rrq.worker_envir_set(rate_of_three)
    assert evaluated() == 3


def test_a_worker_that_comes_later_makes_it_when_it_starts(q: rrq.Controller) -> None:
    rrq.worker_envir_set(rate_of_three)
    with rrq.worker_spawn(1):
        assert evaluated() == 3


def test_without_workers_nobody_is_told(q: rrq.Controller) -> None:
    rrq.worker_envir_set(rate_of_three)
    assert setting(q) is not None


@pytest.mark.usefixtures("workers")
def test_workers_that_are_not_told_keep_what_they_have() -> None:
    evaluated("'they have made theirs'")
    rrq.worker_envir_set(rate_of_three, notify=False)
    assert "NameError" in str(evaluated())
    rrq.message_send_and_wait("REFRESH", timeout=SOON, progress=False)
    assert evaluated() == 3


@pytest.mark.usefixtures("workers")
def test_none_makes_it_empty(q: rrq.Controller) -> None:
    rrq.worker_envir_set(rate_of_three)
    rrq.worker_envir_set(None)
    assert "NameError" in str(evaluated())
    assert setting(q) is None


@pytest.mark.usefixtures("workers")
def test_each_worker_has_one_of_its_own() -> None:
    rrq.worker_envir_set(rate_of_three)
    first, second = rrq.worker_list()
    rrq.message_send_and_wait("EVAL", "rate = 7", first, timeout=SOON, progress=False)
    answers = rrq.message_send_and_wait("EVAL", "rate", timeout=SOON, progress=False)
    assert answers[first] == 7
    assert answers[second] != 7


@pytest.mark.parametrize("separate", [False, True])
def test_a_broken_one_is_told_by_the_log_by_refresh_and_by_each_task_until_it_is_mended(
    q: rrq.Controller, workers: rrq.WorkerManager, separate: bool
) -> None:
    submit = q.options(separate_process=separate).submit
    assert submit(abs, -1).result(timeout=SOON) == 1
    rrq.worker_envir_set(broken)
    (answer, _) = rrq.message_send_and_wait("REFRESH", named=False, timeout=SOON, progress=False)
    assert isinstance(answer, rrq.MessageError)
    assert "ValueError: no such planet" in str(answer)
    with pytest.raises(rrq.EnvironmentBroken, match="ValueError: no such planet"):
        submit(abs, -1).result(timeout=SOON)
    lines = [entry.message for entry in rrq.worker_log_tail(n=None) if entry.command == "ENVIR"]
    assert "ERROR ValueError: no such planet" in lines
    rrq.worker_envir_set(rate_of_three)
    assert submit(abs, -1).result(timeout=SOON) == 1


@pytest.mark.usefixtures("workers")
def test_a_function_that_only_the_environment_has_is_called_by_its_name(q: rrq.Controller) -> None:
    rrq.worker_envir_set(rate_of_three)
    assert submit_rate(q).result(timeout=SOON) == 3


def test_a_source_file_is_read_again_at_each_refresh(
    q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path
) -> None:
    file = tmp_path / "model.py"
    file.write_text("def rate():\n    return 1\n")
    rrq.worker_envir_set(rrq.envir(packages="math", sources=file))
    assert evaluated("rate() + sqrt(4)") == 3
    file.write_text("def rate():\n    return 2\n")
    rrq.message_send_and_wait("REFRESH", timeout=SOON, progress=False)
    assert evaluated() == 2


def not_one_argument() -> None:
    pass


async def awaited(names: dict[str, object]) -> None:
    pass


@pytest.mark.parametrize(
    ("create", "says"),
    [
        ("numpy", "not str: 'numpy'"),
        (not_one_argument, "one argument, a dict"),
        (awaited, "coroutine function"),
        (lambda names, *, other: None, "one argument, a dict"),
    ],
    ids=["no function", "none", "coroutine", "more"],
)
def test_what_is_no_create_function_is_refused_and_nothing_is_set(q: rrq.Controller, create: object, says: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match=says):
        rrq.worker_envir_set(create)
    assert setting(q) is None


def test_what_cannot_be_sent_is_refused_and_nothing_is_set(q: rrq.Controller) -> None:
    lock = threading.Lock()
    with pytest.raises(rrq.NotSendable, match="lock"):
        rrq.worker_envir_set(lambda names: names.update(lock=lock))
    assert setting(q) is None


def test_notify_is_yes_or_no(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match="notify is True or False, not 'no'"):
        rrq.worker_envir_set(rate_of_three, notify="no")
    assert setting(q) is None


def test_one_package_and_one_source_need_no_list() -> None:
    assert rrq.envir("math", "/a.py") == PackagesAndSources(packages=("math",), sources=("/a.py",))


def test_several_keep_their_order() -> None:
    made = rrq.envir(iter(["os.path", "math"]), [Path("/b.py"), "/a.py"])
    assert made == PackagesAndSources(packages=("os.path", "math"), sources=("/b.py", "/a.py"))


def test_a_relative_source_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").touch()
    assert rrq.envir(sources="model.py") == PackagesAndSources(sources=(str(tmp_path / "model.py"),))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rrq.envir("not a name"), "names of what can be imported"),
        (lambda: rrq.envir(3), "names of what can be imported"),
        (lambda: rrq.envir([""]), "names of what can be imported"),
        (lambda: rrq.envir(sources=3), "paths of Python files, not 3"),
        (lambda: rrq.envir(sources=[""]), "paths of Python files, not ''"),
        (lambda: rrq.envir(sources=b"/a.py"), "paths of Python files"),
        (lambda: rrq.envir(sources="gone.py"), "there is no file '.*gone.py'"),
    ],
)
def test_what_is_no_package_or_source_is_refused(make: Callable[[], object], says: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match=says):
        make()
