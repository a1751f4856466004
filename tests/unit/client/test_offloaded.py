"""Tasks whose values are too large for the store."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rrq_core as rrq
from rrq_core.store import OffloadSpace
from rrq_core.testing import wait_until

GRACE = 10
LIMIT = 2000
LARGE = "x" * 5 * LIMIT
LET_GO = threading.Event()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def q(url: str, root: Path) -> Iterator[rrq.Controller]:
    rrq.configure("lab", url, store_max_size=LIMIT, offload=root)
    with rrq.connect("lab", url) as controller:
        yield controller


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {"rrq-queue.json"}


def same(value: object) -> object:
    return value


def grown(length: int) -> str:
    return "y" * length


def failing(length: int) -> None:
    raise ValueError("z" * length)


@pytest.mark.parametrize("separate", [False, True])
def test_large_arguments_and_results_go_through_the_offload(
    q: rrq.Controller, workers: rrq.WorkerManager, root: Path, separate: bool
) -> None:
    task = q.options(separate_process=separate).submit(same, LARGE * 2)
    assert task.result(GRACE) == LARGE * 2
    assert names(root) == set(q.objects.list())
    assert rrq.check(controller=q).ok


def test_a_large_result_is_an_argument_of_another_task(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    first = q.submit(grown, 5 * LIMIT)
    assert q.submit(len, first).result(GRACE) == 5 * LIMIT


def test_a_large_error_comes_back(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    with pytest.raises(ValueError, match="zzz"):
        q.submit(failing, 5 * LIMIT).result(GRACE)


def test_a_large_function_goes_through_the_offload(q: rrq.Controller, workers: rrq.WorkerManager, root: Path) -> None:
    table = list(range(LIMIT))
    assert q.map(lambda index: table[index], [1, 2]).results(GRACE) == [1, 2]
    assert len(names(root)) == 1


def test_nothing_is_left_in_the_offload_of_deleted_tasks(
    q: rrq.Controller, workers: rrq.WorkerManager, root: Path
) -> None:
    tasks = [q.submit(grown, 5 * LIMIT), q.submit(grown, 5 * LIMIT), q.submit(same, LARGE * 2)]
    rrq.task_wait(tasks, GRACE)
    rrq.task_delete(tasks[0])
    assert len(names(root)) == 2
    rrq.task_delete(tasks[1:])
    assert names(root) == set()


def test_nothing_is_left_in_the_offload_of_results_that_have_expired(q: rrq.Controller, root: Path) -> None:
    config = rrq.worker_config(poll_queue=0.05)
    rrq.worker_config_save("quick", config)
    with rrq.worker_spawn(1, name_config="quick"):
        q.options(result_ttl=0.01).submit(grown, 5 * LIMIT).wait(GRACE)
        wait_until(lambda: not names(root), "the expired result is gone")


def test_what_has_expired_leaves_the_offload_though_all_workers_are_busy(q: rrq.Controller, root: Path) -> None:
    LET_GO.clear()
    rrq.worker_config_save("quick", rrq.worker_config(heartbeat_period=0.5))
    short = q.options(result_ttl=0.1).submit(grown, 5 * LIMIT)
    long = q.submit(hold)
    with rrq.worker_spawn(1, name_config="quick"):
        try:
            short.wait(GRACE)
            wait_until(lambda: not names(root), "the expired result is gone")
            assert long.status() == "RUNNING"
        finally:
            LET_GO.set()


def hold() -> None:
    LET_GO.wait(GRACE)


def test_a_destroyed_queue_takes_its_offload_along(q: rrq.Controller, root: Path) -> None:
    q.submit(len, LARGE * 2)
    rrq.destroy()
    assert not root.exists()


def test_a_queue_that_goes_later_names_what_it_leaves(
    q: rrq.Controller, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rrq.destroy(delete=60)
    assert str(root) in capsys.readouterr().err
    assert root.exists()


def no_room(space: OffloadSpace, name: str, data: bytes) -> None:
    raise rrq.OffloadError("no space left")


def test_where_the_offload_is_full_the_task_fails_and_the_worker_lives(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OffloadSpace, "write", no_room)
    task = q.submit(grown, 5 * LIMIT)
    with pytest.raises(rrq.OffloadError, match="no space left"):
        task.result(GRACE)
    assert task.status() == "ERROR"
    assert q.submit(same, 1).result(GRACE) == 1
    assert q.objects.location(q.objects.list()) == ["redis"] * 2
    assert rrq.check(controller=q).ok


def test_a_result_that_found_no_place_is_tried_again_if_that_is_asked_for(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = OffloadSpace.write, iter([True])

    def once(space: OffloadSpace, name: str, data: bytes) -> None:
        if next(failures, False):
            raise rrq.OffloadError("no space left")
        write(space, name, data)

    monkeypatch.setattr(OffloadSpace, "write", once)
    task = q.options(retries=1, retry_on=rrq.OffloadError).submit(grown, 5 * LIMIT)
    assert len(task.result(GRACE)) == 5 * LIMIT


def test_an_argument_that_finds_no_place_is_an_error_at_once(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OffloadSpace, "write", no_room)
    with pytest.raises(rrq.OffloadError, match="no space left"):
        q.submit(len, LARGE * 2)
    assert rrq.task_list() == []


def test_a_submission_that_fails_midway_leaves_no_values(
    q: rrq.Controller, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, room = OffloadSpace.write, iter([True] * 3)

    def until_full(space: OffloadSpace, name: str, data: bytes) -> None:
        if not next(room, False):
            raise rrq.OffloadError("no space left")
        write(space, name, data)

    monkeypatch.setattr(OffloadSpace, "write", until_full)
    with pytest.raises(rrq.OffloadError, match="no space left"):
        q.map(len, [LARGE * number for number in range(2, 8)])
    assert q.objects.tags() == []
    assert names(root) == set()


def cut(path: Path) -> None:
    os.truncate(path, 10)


@pytest.mark.parametrize(("harm", "error"), [(Path.unlink, rrq.ObjectMissing), (cut, rrq.OffloadError)])
def test_a_value_that_is_damaged_in_the_offload_fails_the_task_that_needs_it(
    q: rrq.Controller, root: Path, harm: Callable[[Path], None], error: type[Exception]
) -> None:
    task = q.submit(len, LARGE * 2)
    (name,) = names(root)
    harm(root / name)
    with rrq.worker_spawn(1), pytest.raises(error, match=name):
        task.result(GRACE)


@pytest.mark.parametrize(("harm", "says"), [(Path.unlink, "is not there"), (cut, "and should have")])
def test_check_tells_of_a_value_that_is_damaged_in_the_offload(
    q: rrq.Controller, root: Path, harm: Callable[[Path], None], says: str
) -> None:
    hash = q.objects.set(LARGE, tag="mine")
    q.objects.set("small", tag="mine")
    assert rrq.check().ok
    harm(root / hash)
    (violation,) = rrq.check(repair=True).violations
    assert (violation.subject, violation.repaired) == (hash, False)
    assert says in violation.sentence
    q.objects.drop("mine")
    assert rrq.check().ok


def test_check_tells_that_the_offload_cannot_be_looked_into(
    q: rrq.Controller, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    q.objects.set(LARGE, tag="mine")

    def broken(space: OffloadSpace) -> None:
        raise rrq.OffloadError("nobody can list it")

    monkeypatch.setattr(OffloadSpace, "sizes", broken)
    (violation,) = rrq.check().violations
    assert violation.sentence == "nobody can list it"


def test_a_repair_tells_that_the_offload_cannot_be_used(q: rrq.Controller, root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    (violation,) = rrq.check(repair=True).violations
    assert "Is it shared with this host" in violation.sentence


def test_a_worker_does_not_start_where_the_offload_is_not_the_one_configured(q: rrq.Controller, root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(rrq.OffloadError, match="Is it shared with this host"):
        rrq.worker_spawn(1)


def test_without_an_offload_the_task_with_a_large_result_fails_with_both_remedies(url: str) -> None:
    rrq.configure("lab", url, store_max_size=LIMIT)
    with (
        rrq.connect("lab", url) as q,
        rrq.worker_spawn(1),
        pytest.raises(rrq.ValueTooLarge, match=r"offload=.*or choose"),
    ):
        q.submit(grown, 5 * LIMIT).result(GRACE)


def test_without_an_offload_a_large_argument_is_refused_and_nothing_is_written(url: str) -> None:
    rrq.configure("lab", url, store_max_size=LIMIT)
    with rrq.connect("lab", url) as q:
        with pytest.raises(rrq.ValueTooLarge):
            q.submit(len, LARGE * 2)
        assert rrq.task_list() == []
        assert q.objects.list() == []


def test_what_many_tasks_share_is_written_once_and_read_once_by_each_worker(
    q: rrq.Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {"write": 0, "read": 0}
    for name in calls:
        plain = getattr(OffloadSpace, name)

        def counted(*arguments: object, name: str = name, plain: Callable[..., object] = plain) -> object:
            calls[name] += 1
            return plain(*arguments)

        monkeypatch.setattr(OffloadSpace, name, counted)
    tasks = rrq.task_create_bulk_call(shared_length, range(50), {"text": LARGE * 2})
    with rrq.worker_spawn(2):
        rrq.task_wait(tasks, GRACE)
    assert calls["write"] == 1
    assert calls["read"] <= 2


def shared_length(number: int, text: str) -> int:
    return number + len(text)


@pytest.mark.parametrize("separate", [False, True])
def test_a_large_checkpoint_leaves_the_offload_when_the_next_is_kept(
    q: rrq.Controller, workers: rrq.WorkerManager, root: Path, separate: bool
) -> None:
    task = q.options(separate_process=separate).submit(saving, 3)
    task.result(GRACE)
    assert len(names(root)) == 1
    assert rrq.check(controller=q).ok
    task.delete()
    assert names(root) == set()


def saving(times: int) -> None:
    for number in range(times):
        rrq.checkpoint_save(str(number) * 5 * LIMIT)
