"""The contract of a whole backend: all ports but Offload, and what holds for the bundle."""

import subprocess
import sys

import pytest

from rrq_core.model.ids import TaskId
from rrq_core.ports import Backend
from rrq_core.testing.builders import new_task
from rrq_core.testing.case import ContractCase
from rrq_core.testing.hand import Hand
from rrq_core.testing.heartbeat import HeartbeatTests
from rrq_core.testing.looking import snapshot, waiting_in
from rrq_core.testing.messages import MessagesTests
from rrq_core.testing.object_store import ObjectStoreTests
from rrq_core.testing.queue import QueueTests
from rrq_core.testing.settings import SettingsTests
from rrq_core.testing.workers import WorkersTests

SUBMIT_ELSEWHERE = """
import os, signal, sys
from rrq_core.plugins import open_backend
from rrq_core.testing import new_task
task = new_task(body=b"from elsewhere")
open_backend(sys.argv[1], sys.argv[2]).queue.submit([task])
print(task.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class BundleTests(ContractCase):
    """What holds for the bundle."""

    def test_all_handles_show_the_same(self, backend: Backend, second: Backend) -> None:
        Hand(backend).submit_and_take(new_task())
        Hand(second, worker=None).submit_and_take(new_task())
        self.settle()
        assert snapshot(backend) == snapshot(second)
        assert (second.url, second.queue_id) == (backend.url, backend.queue_id)

    def test_what_was_written_outlives_the_handle_that_wrote_it(self, backend: Backend) -> None:
        writer = self.reopen(backend)
        writer.queue.submit([task := new_task()])
        writer.close()
        assert waiting_in(backend) == [task.id]

    def test_closing_twice_is_fine(self, backend: Backend) -> None:
        another = self.reopen(backend)
        another.close()
        another.close()

    @pytest.mark.rrq_needs("shared", "no other process can open it")
    def test_what_another_process_submitted_outlives_it(self, backend: Backend) -> None:
        command = [sys.executable, "-c", SUBMIT_ELSEWHERE, backend.url, backend.queue_id]
        task = TaskId(subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60).stdout.strip())
        work = Hand(backend).take()
        assert (work.claim.task, work.body) == (task, b"from elsewhere")


class BackendTests(
    BundleTests, QueueTests, WorkersTests, MessagesTests, SettingsTests, ObjectStoreTests, HeartbeatTests
):
    """The laws of a backend."""
