"""What runs tasks: one worker's loop, and what it stands on."""

from rrq_core.worker.foreground import run_process
from rrq_core.worker.loop import WorkerLoop
from rrq_core.worker.setup import WorkerSetup, new_worker_id, read_config

__all__ = ["WorkerLoop", "WorkerSetup", "new_worker_id", "read_config", "run_process"]
