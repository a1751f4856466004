"""What a worker, its zygote and the process of a task tell each other, as frames.

The worker tells the zygote to START a process, to STOP the one that runs, or to have it SHOW its stack; the zygote says
that it is READY, that a process has STARTED, how it has ENDED. The process says HELLO, gets the task it is to RUN,
unless it was born with it, and tells PROGRESS, CHECKPOINT and OUTCOME.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from rrq_core.errors import EnvironmentBroken
from rrq_core.model.ids import Hash, QueueId, QueueName, TaskId, WorkerId
from rrq_core.model.status import TaskStatus
from rrq_core.model.task import TaskChange
from rrq_core.model.value import Buffer, NewValue
from rrq_core.model.work import Claim, Finished, Session, Work
from rrq_core.worker.creation import trace_of
from rrq_core.worker.process.transport import Damaged, Frame, Kind

LARGE_TO_START_WITH = 64 * 1024
"""Bytes of a task above which it does not go by way of the zygote, as it would have to be copied."""

START = Kind("start")
STOP = Kind("stop")
SHOW = Kind("show")
READY = Kind("ready")
STARTED = Kind("started")
ENDED = Kind("ended")

HELLO = Kind("hello")
RUN = Kind("run")
PROGRESS = Kind("progress")
CHECKPOINT = Kind("checkpoint")
OUTCOME = Kind("outcome")


@frozen(kw_only=True)
class Errand:
    """A task as it goes to its process: no session goes along, so nothing there can act for the worker."""

    work: Work
    queue_id: QueueId


@frozen(kw_only=True)
class Ready:
    """What a zygote says of itself when it is ready.

    Args:
        against_forking: What is in it that does not survive a fork; None if nothing is.
        broken: Why it has no environment; None if it has one.
    """

    against_forking: str | None
    broken: EnvironmentBroken | None


def ready_frame(ready: Ready) -> Frame:
    """Write that a zygote is ready."""
    broken = ready.broken
    told = None if broken is None else {"summary": broken.summary, "trace": trace_of(broken)}
    return Frame(kind=READY, record={"against_forking": ready.against_forking, "broken": told})


def read_ready(record: Mapping[str, object]) -> Ready:
    """Read that a zygote is ready: of the frame in which it came, the record.

    Raises:
        Damaged: If it does not say so.
    """
    match record:
        case {"against_forking": str() | None as reason, "broken": None}:
            return Ready(against_forking=reason, broken=None)
        case {"against_forking": str() | None as reason, "broken": {"summary": str(summary), "trace": str(trace)}}:
            broken = EnvironmentBroken(summary)
            broken.add_note(trace)
            return Ready(against_forking=reason, broken=broken)
    raise Damaged(f"it does not say that it is ready: {record!r:.200}")


def start_frame(
    env: Mapping[str, str], descriptors: Sequence[int], *, is_fresh: bool, run: Frame | None = None
) -> Frame:
    """Write what a process is to be started with.

    Args:
        env: Environment variables that it has beside the zygote's.
        descriptors: Its end of the connection to the worker, and the file for what it prints.
        is_fresh: Whether it is a fresh interpreter, not a fork.
        run: Its task; None: it will come on that connection.
    """
    record = {"is_fresh": is_fresh, "env": dict(env), "run": None if run is None else run.record}
    return Frame(kind=START, record=record, parts=() if run is None else run.parts, descriptors=descriptors)


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


def read_run(record: Mapping[str, object], parts: Sequence[Buffer]) -> Errand:
    """Read a task: of the frame in which it came, the record and the parts.

    Raises:
        Damaged: If they hold none.
    """
    body, *values = map(bytes, parts)
    match record:
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
    raise Damaged(f"this is no task: {record!r:.200}")


def change_frame(change: TaskChange) -> Frame:
    """Write what a task tells of itself, for its worker: its progress, or a checkpoint."""
    if isinstance(change.checkpoint, NewValue) and change.checkpoint.data is not None:
        return Frame(kind=CHECKPOINT, record={"hash": change.checkpoint.hash}, parts=(change.checkpoint.data,))
    return Frame(kind=PROGRESS, parts=(change.progress or b"",))


def read_change(frame: Frame) -> TaskChange | None:
    """Read what a task tells of itself, in its worker; None if the frame says something else."""
    match frame.kind, frame.record, frame.parts:
        case "progress", _, [progress]:
            return TaskChange(progress=bytes(progress))
        case "checkpoint", {"hash": str(hash)}, [data]:
            return TaskChange(checkpoint=NewValue(hash=Hash(hash), size=len(data), data=data))
    return None


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
