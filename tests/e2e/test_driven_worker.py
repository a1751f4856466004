"""`Worker` with a real server, and how it ends with its process."""

import subprocess
import sys
import textwrap

import psutil
import pytest

import rrq_core as rrq
from rrq_core.errors import WorkerIdTaken
from rrq_core.testing import wait_until


def run(program: str, *arguments: str) -> None:
    words = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    subprocess.run(words, timeout=60, check=True, capture_output=True)


def test_the_end_of_its_process_signs_it_off(rrq_server: str) -> None:
    with rrq.connect("lab", rrq_server):
        run("import sys, rrq_core as rrq; w = rrq.Worker('lab', worker_id='w', url=sys.argv[1])", rrq_server)
        assert rrq.worker_status("w") == {"w": "EXITED"}


def test_a_forked_child_leaves_the_worker_of_its_parent_alone(rrq_server: str) -> None:
    program = """
        import gc, os, sys
        import rrq_core as rrq
        worker = rrq.Worker("lab", worker_id="w", url=sys.argv[1])
        if os.fork() == 0:
            sys.exit()
        assert os.wait()[1] == 0
        assert rrq.worker_status("w", controller=worker.controller) == {"w": "IDLE"}
    """
    with rrq.connect("lab", rrq_server):
        run(program, rrq_server)
        assert rrq.worker_status("w") == {"w": "EXITED"}


def test_a_killed_process_leaves_no_beater_and_its_worker_is_lost_at_once(rrq_server: str) -> None:
    program = """
        import os, sys
        import rrq_core as rrq
        worker = rrq.Worker("lab", worker_id="w", url=sys.argv[1])
        worker.poll(immediate=True)
        os.kill(os.getpid(), 9)
    """
    with rrq.connect("lab", rrq_server) as q:
        task = q.submit(abs, -1)
        with pytest.raises(subprocess.CalledProcessError):
            run(program, rrq_server)
        wait_until(lambda: rrq.worker_status("w") == {"w": "LOST"}, "it is lost", timeout=5)
        assert task.status() == "DIED"


def test_a_worker_that_cannot_be_made_leaves_no_process(rrq_server: str) -> None:
    with rrq.connect("lab", rrq_server), rrq.Worker("lab", worker_id="w", url=rrq_server):
        before = {child.pid for child in psutil.Process().children()}
        with pytest.raises(WorkerIdTaken):
            rrq.Worker("lab", worker_id="w", url=rrq_server)
        assert {child.pid for child in psutil.Process().children()} == before
