"""What runs tasks: one worker's loop, and what it stands on.

`foreground` runs one as this very process. `loop` is its life, and puts together:

- being there: `setup`, `info`, `registration`, `presence`, and `beater`, which keeps its heartbeat going;
- what is next: `intake`, `duty`, `hand_over`, `walltime`; and where there is nothing, `rest`, `timer`, `upkeep`;
- tasks: `execution`, `run`, `retrying`, `current`, `inside`, `progress`, `task_warnings`; `process`, for their own;
- their values: `values`, `results`, `checkpoints`;
- their stacks: `stacks`, `suspended`, `stack_file`;
- messages: `answering`, `message`, `commands`, `standing`;
- the environment: `environment`, `creation`, `packages_and_sources`, `own_modules`;
- its log: `journal`, `line`, `log_directory`;
- being stopped, and a store that is away: `stop`, `signals`, `late_signals`, `forks`, `deaf_thread`; `outage`,
  `patience`.

Names are loaded when they are first used: a beater needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rrq_core.worker.foreground import run_process
    from rrq_core.worker.loop import WorkerLoop
    from rrq_core.worker.setup import WorkerSetup, new_worker_id, read_config

__all__ = ["WorkerLoop", "WorkerSetup", "new_worker_id", "read_config", "run_process"]

_MODULES = {
    "WorkerLoop": "loop",
    "WorkerSetup": "setup",
    "new_worker_id": "setup",
    "read_config": "setup",
    "run_process": "foreground",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
