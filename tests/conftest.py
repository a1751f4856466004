"""What holds around every test: no process of ours outlives it, and no key on a server that the session keeps."""

import os
import secrets
from collections.abc import Iterator

import psutil
import pytest

from rrq_core.testing.waiting import wait_until

RUN = "RRQ_TEST_RUN"


def children() -> set[psutil.Process]:
    """Our living child processes, theirs too; who is a zombie only waits to be counted."""
    return {child for child in psutil.Process().children(recursive=True) if not is_zombie(child)}


def is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def processes_of(run: str) -> list[psutil.Process]:
    """Processes that were started, by whomever, under this run of tests."""
    return [process for process in psutil.process_iter(["environ"]) if (process.info["environ"] or {}).get(RUN) == run]


@pytest.fixture(scope="session", autouse=True)
def no_process_outlives_the_session() -> Iterator[None]:
    """Whatever the tests started, daemons too, is gone at the end."""
    run = os.environ[RUN] = secrets.token_hex(8)
    yield
    ours = os.getpid()
    wait_until(lambda: not [p for p in processes_of(run) if p.pid != ours and not is_zombie(p)], "all have ended", 30.0)


@pytest.fixture(autouse=True)
def no_process_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Servers that a fixture keeps for longer are there before, for their fixtures come first."""
    before = children()
    yield
    wait_until(lambda: not children() - before, f"no process is left of {request.node.name}")
