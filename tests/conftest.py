"""What holds around every test: no process of ours outlives it; and how tests are spread over processes."""

import gc
import math
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from rrq_core.testing.waiting import wait_until

RUN = "RRQ_TEST_RUN"

# A busy machine is no reason to fail.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# Hundreds of processes that tests start would each compile the same modules anew, wherever this is set.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


class Spread(LoadScopeScheduling):
    """Gives a test at a time to whoever is free; a file of e2e/ as a whole, first: its tests share a server."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith("tests/e2e/") else nodeid


@pytest.hookimpl(optionalhook=True)  # there is none with `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    return Spread(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half of the time, tests wait for processes that they have started."""
    return math.ceil(1.5 * (os.cpu_count() or 1))


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: a collection of garbage need not look at them each time."""
    gc.collect()
    gc.freeze()


def children() -> set[psutil.Process]:
    """Our living child processes, theirs too; who is a zombie only waits to be counted."""
    return {child for child in descendants(psutil.Process()) if not is_zombie(child)}


def descendants(process: psutil.Process) -> Iterator[psutil.Process]:
    """All processes below one. Linux tells of each one's; elsewhere all that run are looked at, for some ms."""
    if not sys.platform.startswith("linux"):
        yield from process.children(recursive=True)
        return
    for thread in Path(f"/proc/{process.pid}/task").glob("*/children"):
        for pid in words_in(thread):
            with suppress(psutil.NoSuchProcess):
                yield (child := psutil.Process(int(pid)))
                yield from descendants(child)


def words_in(file: Path) -> list[str]:
    """Words of a file that may be gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return file.read_text().split()
    return []


def is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def processes_of(run: str) -> set[psutil.Process]:
    """Living processes that were started, by whomever, under this run of tests, but for this one."""
    every = psutil.process_iter(["environ"])
    found = {process for process in every if (process.info["environ"] or {}).get(RUN) == run}
    return {process for process in found if process.pid != os.getpid() and not is_zombie(process)}


def await_end(living: Callable[[], set[psutil.Process]], of: str, timeout: float) -> None:
    """Wait until no process is left, or say which are."""
    try:
        wait_until(lambda: not living(), f"no process is left of {of}", timeout)
    except AssertionError as late:
        left = [process.as_dict(["pid", "cmdline"]) for process in living()]
        raise AssertionError(f"{late}; there are {left}") from None


@pytest.fixture(scope="session", autouse=True)
def no_process_outlives_the_session() -> Iterator[None]:
    """Whatever the tests started, daemons too, is gone at the end."""
    run = os.environ[RUN] = secrets.token_hex(8)
    yield
    await_end(lambda: processes_of(run), "the session", 30.0)


@pytest.fixture(autouse=True)
def no_process_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Servers that a fixture keeps for longer are there before, for their fixtures come first."""
    before = children()
    yield
    await_end(lambda: children() - before, request.node.name, 10.0)
