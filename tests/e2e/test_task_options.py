"""Options of tasks with real workers on a real server: what the memory of one process could hide."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from operator import add
from pathlib import Path

import pytest
from attrs import frozen

import rrq_core as rrq
from rrq_core.testing.waiting import wait_until
from tests.servers import private_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with private_server() as server:
        yield server.url


@pytest.fixture(scope="module")
def q(url: str) -> Iterator[rrq.Controller]:
    # By value, since the workers cannot import the tests.
    with rrq.connect("lab", url, by_value=[__name__]) as controller:
        yield controller
        rrq.destroy()


@pytest.fixture(scope="module")
def workers(q: rrq.Controller) -> Iterator[rrq.WorkerManager]:
    rrq.worker_config_save("polling", rrq.worker_config(poll_queue=0.5))
    with rrq.worker_spawn(1, name_config="polling") as manager:
        yield manager


@frozen
class Recipe:
    parts: object


def look_into(recipe: Recipe, **others: object) -> object:
    return recipe.parts, others


def fail_until(file: Path, attempt: int) -> int:
    """Fail before the so-many-th attempt; a line of the file for each."""
    with file.open("a") as lines:
        lines.write("attempt\n")
    reached = len(file.read_text().splitlines())
    if reached < attempt:
        raise Unready(f"attempt {reached}")
    return reached


class Unready(Exception):
    """A kind of errors of the client's own, which workers do not have."""


def make_list(n: int) -> list[int]:
    return [0] * n


def append(file: Path, word: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{word}\n")


def test_results_of_tasks_arrive_nested_in_objects_of_the_clients_own(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    two, numbers = q.submit(pow, 2, 1), q.map(pow, [1, 2, 3], [2, 2, 2])
    task = rrq.task_create_call(look_into, [Recipe({"deep": [two, (numbers,)]})], {"k": numbers[1]})
    assert task.result(timeout=20) == ({"deep": [2, ([1, 4, 9],)]}, {"k": 4})


def test_a_large_result_goes_from_worker_to_worker(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    large = q.submit(make_list, 2_000_000)
    lengths = q.map(len, [large, [large, large]])
    assert lengths.results(timeout=30) == [2_000_000, 2]


def test_a_result_outlives_its_task(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    parent = q.submit(pow, 2, 3)
    child = rrq.task_create_call(add, [parent, 1], delay=0.5)
    parent.wait(timeout=20)
    parent.delete()
    assert child.result(timeout=20) == 9
    assert not rrq.check().violations


def test_a_task_is_retried_on_an_error_of_the_clients_own_and_its_worker_is_free_meanwhile(
    q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path
) -> None:
    patient = q.options(retries=2, retry_delay=0.5, retry_on=Unready)
    task = patient.submit(fail_until, tmp_path / "attempts", 3)
    wait_until(lambda: task.status() == "DEFERRED", "the task waits for its next attempt", 20)
    assert q.submit(pow, 2, 5).result(timeout=20) == 32
    assert task.result(timeout=20) == 3
    attempts = rrq.task_info(task).attempts
    assert [(str(one.status), one.worker) for one in attempts] == [
        ("ERROR", workers.id[0]), ("ERROR", workers.id[0]), ("COMPLETE", workers.id[0]),
    ]  # fmt: skip
    assert all(after.start - (before.end or 0) >= 0.4 for before, after in pairwise(attempts))


def test_an_error_of_another_kind_is_not_retried(q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path) -> None:
    task = q.options(retries=2, retry_on=(KeyError, OSError)).submit(fail_until, tmp_path / "attempts", 3)
    with pytest.raises(Unready, match="attempt 1"):
        task.result(timeout=20)


def test_a_delayed_task_starts_after_its_time_and_not_much_later(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.options(delay=1).submit(abs, -1)
    task.wait(timeout=20)
    times = task.times()
    assert 1 <= (times.start or 0) - (times.submit or 0) < 6


def test_an_expired_task_leaves_nothing_behind(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    task = q.options(result_ttl=0.3, key="expiring").submit(make_list, 50_000)
    task.wait(timeout=20)
    wait_until(lambda: not rrq.task_exists(task), "the task has expired", 20)
    assert not rrq.check().violations
    again = q.options(key="expiring").submit(abs, -1)
    assert again.result(timeout=20) == 1
    again.delete()


def test_front_overtakes_what_waits(q: rrq.Controller, workers: rrq.WorkerManager, tmp_path: Path) -> None:
    go, order = tmp_path / "go", tmp_path / "order"
    blocker = q.submit(wait_for, go)
    wait_until(lambda: blocker.status() == "RUNNING", "the worker is busy", 20)
    tasks = [
        q.submit(append, order, "first"),
        q.options(front=True).submit(append, order, "in front"),
        q.submit(append, order, "last"),
    ]
    go.touch()
    assert rrq.task_wait(tasks, timeout=20)
    assert order.read_text().split("\n") == ["in front", "first", "last", ""]


def wait_for(file: Path) -> None:
    wait_until(file.exists, "the file is there", 20)


def test_handles_in_a_function_that_is_called_stay_handles(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    other = q.submit(abs, -1)
    assert q.submit(partial(str, other)).result(timeout=20) == repr(other)
