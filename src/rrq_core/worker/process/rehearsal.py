"""Goes through all that a process does for its task, in its zygote: what a first time takes is done before a fork.

Python finds out where names lead, and writes its bytecode anew, in the first calls of a function. A fork that did so
would copy each page of memory that it writes to, and the next fork would do it all again.
"""

import socket
from operator import pos
from pathlib import Path

from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, WorkerId, new_task_id
from rrq_core.model.work import Claim, Session, Work
from rrq_core.payload import CallEncoder
from rrq_core.worker.creation import Creation
from rrq_core.worker.process.child import carry_out
from rrq_core.worker.process.exchange import read_run, run_frame
from rrq_core.worker.process.transport import Line
from rrq_core.worker.run import read_ahead

_QUEUE = QueueId("rehearsal")
_TIMES = 30  # Python begins to write bytecode anew after eight calls, and tries again where that did not go well
_OUTCOME = 64 * 1024  # bytes, more than it has


def rehearse(environment: Creation) -> None:
    """Run `+1` as a task in an environment, some times over, in this process; nobody is told."""
    run = run_frame(_work(), _QUEUE)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(ours, Path())
        for _ in range(_TIMES):
            errand = read_run(run.record, run.parts)
            read_ahead(errand.work, errand.queue_id)
            carry_out(line, errand, environment)
            theirs.recv(_OUTCOME)


def _work() -> Work:
    task = new_task_id()
    return Work(
        claim=Claim(session=Session(worker=WorkerId("rehearsal"), token=""), task=task, attempt=1),
        root=task,
        body=CallEncoder(pos, _QUEUE).encode(task, (1,), {}).body,
        queue=DEFAULT_QUEUE,
        separate_process=True,
        timeout=None,
        values={},
        results={},
        checkpoint=None,
    )
