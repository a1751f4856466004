"""The parent of workers, in a process of its own."""

import subprocess
import sys

PROGRAM = """
import os, signal, sys
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.worker.beater.parent import WorkerCommand, run_workers

CHILD = "import socket, sys; print(socket.socket(fileno=int(sys.argv[1])).recv(100).decode(), flush=True)"

def words(link):
    os.kill(os.getpid(), signal.SIGTERM)
    return [sys.executable, "-c", CHILD, str(link)]

def never(link):
    raise AssertionError("it is started although all are to stop")

commands = [WorkerCommand(words=each, output=None) for each in (words, never)]
sys.exit(run_workers(open_backend("memory://parent", QueueId("q")), commands))
"""


def test_who_is_just_being_started_misses_no_signal() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, '{"signal": 15}', "")
