"""What a worker, its zygote and the process of a task tell each other, as frames.

The worker tells the zygote to START a process, or to STOP the one that runs; the zygote says that it is READY, that a
process has STARTED, how it has ENDED. The process says HELLO, gets the task it is to RUN, tells PROGRESS and OUTCOME.
"""

from attrs import frozen

from rrq_core.model.ids import Hash, QueueId, QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim, Finished, Session, Work
from rrq_core.worker.process.transport import Damaged, Frame, Kind

START = Kind("start")
STOP = Kind("stop")
READY = Kind("ready")
STARTED = Kind("started")
ENDED = Kind("ended")

HELLO = Kind("hello")
RUN = Kind("run")
PROGRESS = Kind("progress")
OUTCOME = Kind("outcome")


@frozen(kw_only=True)
class Errand:
    """A task as it goes to its process: no session goes along, so nothing there can act for the worker."""

    work: Work
    queue_id: QueueId


def run_frame(work: Work, queue_id: QueueId) -> Frame:
    """Write a task, which has all its values, for its process."""
    record = {
        "queue_id": queue_id,
        "worker": work.claim.session.worker,
        "task": work.claim.task,
        "attempt": work.claim.attempt,
        "root": work.root,
        "queue": work.queue,
        "timeout": work.timeout,
        "values": list(work.values),
        "results": dict(work.results),
        "checkpoint": work.checkpoint,
    }
    return Frame(kind=RUN, record=record, parts=(work.body, *work.values.values()))


def read_run(frame: Frame) -> Errand:
    """Read a task in its process.

    Raises:
        Damaged: If the frame holds none.
    """
    body, *values = map(bytes, frame.parts)
    match frame.record:
        case {
            "queue_id": str(queue_id),
            "worker": str(worker),
            "task": str(task),
            "attempt": int(attempt),
            "root": str(root),
            "queue": str(queue),
            "timeout": int() | float() | None as timeout,
            "values": list(hashes),
            "results": dict(results),
            "checkpoint": str() | None as checkpoint,
        }:
            session = Session(worker=WorkerId(worker), token="")
            work = Work(
                claim=Claim(session=session, task=TaskId(task), attempt=attempt),
                root=TaskId(root),
                body=body,
                queue=QueueName(queue),
                separate_process=True,
                timeout=timeout,
                values=dict(zip(map(Hash, hashes), values, strict=True)),
                results={TaskId(id): Hash(hash) for id, hash in results.items()},
                checkpoint=None if checkpoint is None else Hash(checkpoint),
            )
            return Errand(work=work, queue_id=QueueId(queue_id))
    raise Damaged(f"this is no task: {frame!r:.200}")


def outcome_frame(finished: Finished) -> Frame:
    """Write how a task ended, for its worker."""
    result = finished.result
    if not isinstance(result, NewValue) or result.data is None:
        raise TypeError(f"the outcome of a task has its bytes, not {result!r}")
    record = {"status": finished.status, "retry_in": finished.retry_in, "note": finished.note, "hash": result.hash}
    return Frame(kind=OUTCOME, record=record, parts=(result.data,))


def read_outcome(frame: Frame, claim: Claim) -> Finished:
    """Read how a task ended, in its worker.

    Raises:
        Damaged: If the frame does not say so.
    """
    match frame.record, frame.parts:
        case (
            {
                "status": "COMPLETE" | "ERROR" as status,
                "retry_in": int() | float() | None as retry_in,
                "note": str(note),
                "hash": str(hash),
            },
            [data],
        ):
            result = NewValue(hash=Hash(hash), size=len(data), data=data)
            return Finished(claim=claim, status=TaskStatus(status), result=result, retry_in=retry_in, note=note)
    raise Damaged(f"this is no outcome: {frame!r:.200}")
