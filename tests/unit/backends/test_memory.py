"""`memory://`: the Redis adapter on a server in this process."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import count
from threading import Barrier

import pytest

from rrq_backends import memory
from rrq_backends.redis.queue import RedisQueue
from rrq_core.errors import InvalidArgument
from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, WatcherId, new_task_id
from rrq_core.model.setting import SettingKind, SettingName
from rrq_core.model.task import NewTask
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.testing import new_task
from rrq_core.testing.waiting import wait_until

LAB = QueueId("lab")
NAMES = (f"test-memory-{number}" for number in count())


@pytest.fixture
def url() -> str:
    """A name that nobody has used."""
    return f"memory://{next(NAMES)}"


@pytest.fixture
def backend(url: str) -> Iterator[Backend]:
    opened = open_backend(url, LAB)
    yield opened
    opened.close()


def config(name: str) -> SettingName:
    return SettingName(kind=SettingKind.WORKER_CONFIG, name=name)


def test_it_is_the_redis_adapter(backend: Backend) -> None:
    assert type(backend.queue) is RedisQueue


def test_other_processes_do_not_reach_it_and_it_does_not_last(backend: Backend) -> None:
    assert not backend.shared
    assert not backend.durable


def test_a_script_is_compiled_once(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    compile, compiled = memory._LuaRuntime.compile, []
    monkeypatch.setattr(memory._LuaRuntime, "compile", lambda *call: compiled.append(call[1]) or compile(*call))
    for _ in range(3):
        backend.queue.submit([new_task()])
    assert len(compiled) == len({*compiled}) > 0


def test_the_same_name_is_the_same_server(backend: Backend) -> None:
    backend.settings.put(config("a"), b"1")
    assert open_backend(backend.url, LAB).settings.get(config("a")) == b"1"


def test_another_name_is_another_server(backend: Backend) -> None:
    backend.settings.put(config("a"), b"1")
    assert open_backend(f"memory://{next(NAMES)}", LAB).settings.get(config("a")) is None


def test_what_it_holds_outlives_the_last_that_had_it_open(url: str) -> None:
    first = open_backend(url, LAB)
    first.settings.put(config("a"), b"1")
    first.close()
    assert open_backend(url, LAB).settings.get(config("a")) == b"1"


def test_it_has_no_options() -> None:
    with pytest.raises(InvalidArgument, match=r"no options.*memory://x\?idle=0"):
        open_backend("memory://x?idle=0", LAB)


def test_a_wait_ends_when_its_time_is_over(backend: Backend) -> None:
    start = time.monotonic()
    assert backend.queue.ended(WatcherId("nobody"), 0.05) == []
    assert time.monotonic() - start >= 0.05


def test_a_script_of_one_thread_wakes_another(backend: Backend) -> None:
    task, watcher = new_task_id(), WatcherId("w")
    backend.queue.submit([NewTask(id=task, body=b"x", queue=DEFAULT_QUEUE)], watcher=watcher)
    with ThreadPoolExecutor() as pool:
        told = pool.submit(backend.queue.ended, watcher, 30.0)
        wait_until(told.running, "the other thread waits")
        assert backend.queue.remove([task], DEFAULT_QUEUE) == [True]
        assert [ended.task for ended in told.result(timeout=5)] == [task]


def test_many_threads_share_it(backend: Backend) -> None:
    start = Barrier(16)

    def put(thread: int) -> None:
        start.wait()
        for number in range(20):
            backend.queue.submit([NewTask(id=new_task_id(), body=b"x", queue=DEFAULT_QUEUE)])
            backend.settings.put(config(f"{thread}-{number}"), b"1")

    with ThreadPoolExecutor(16) as pool:
        done, _ = wait([pool.submit(put, thread) for thread in range(16)])
        assert [future.exception() for future in done] == [None] * 16
    assert len(list(backend.queue.tasks())) == 320
    assert len(backend.settings.names(SettingKind.WORKER_CONFIG)) == 320


def run(program: str) -> str:
    """Run a program as another process; it fails where the program hangs at its end."""
    return subprocess.check_output([sys.executable, "-c", textwrap.dedent(program)], text=True, timeout=30)


def test_a_forked_child_is_told_that_it_has_no_part_in_it() -> None:
    said = run(
        """
        import os
        from rrq_core.errors import BackendUnavailable
        from rrq_core.plugins import open_backend

        backend = open_backend("memory://parent", "lab")
        list(backend.queue.tasks())
        if os.fork() == 0:
            for touch in (lambda: list(backend.queue.tasks()), lambda: open_backend("memory://parent", "lab")):
                try:
                    touch()
                except BackendUnavailable as error:
                    print(str(os.getppid()) in str(error), "forked" in str(error), "embedded://" in str(error))
            print(list(open_backend("memory://child", "lab").queue.tasks()), flush=True)
            os._exit(0)
        os.wait()
        print(list(backend.queue.tasks()))
        """
    )
    assert said.splitlines() == ["True True True"] * 2 + ["[]", "[]"]


def test_nothing_that_was_left_open_or_waiting_holds_up_the_end_of_the_process() -> None:
    said = run(
        """
        import threading
        from rrq_core.plugins import open_backend

        backend = open_backend("memory://left", "lab")
        started = threading.Barrier(5)

        def sleep():
            started.wait()
            backend.queue.ended("nobody", 1000.0)

        for _ in range(4):
            threading.Thread(target=sleep, daemon=True).start()
        started.wait()
        print("the end")
        """
    )
    assert said == "the end\n"
