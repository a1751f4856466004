"""A step as arguments of the script `step`, and its answer."""

from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.replies import items, number, optional_seconds, optional_text, pairs, raw, text
from rrq_core.errors import Fenced
from rrq_core.model.ids import Hash, MessageId, QueueName, TaskId
from rrq_core.model.value import NewValue
from rrq_core.model.work import Claim, Finished, FinishReply, MessageIn, Session, Step, Take, Work

_FINISH = {reply.value.encode(): reply for reply in FinishReply}
_NOTHING_FINISHED: tuple[Argument, ...] = ("",) * 8


def seconds(value: float) -> str:
    """Write seconds so that no digit is lost."""
    return f"{value:.6f}"


def result_arguments(result: NewValue | Hash | None) -> tuple[Argument, Argument]:
    """Write a result as hash and bytes; the bytes are empty where they are stored already."""
    if result is None:
        return "", ""
    if isinstance(result, NewValue):
        return result.hash, b"" if result.data is None else result.data
    return result, ""


def _finished_arguments(finished: Finished | None) -> tuple[Argument, ...]:
    if finished is None:
        return _NOTHING_FINISHED
    return (
        finished.claim.task,
        finished.claim.attempt,
        finished.status,
        *result_arguments(finished.result),
        "" if finished.retry_in is None else seconds(finished.retry_in),
        finished.note,
        finished.log or b"",
    )


def arguments(session: Session, finished: Finished | None, take: Take | None) -> tuple[Argument, ...]:
    """Write a step as arguments of `step`, after the queue id."""
    idle_status = "" if take is None else take.idle_status
    return (
        session.worker,
        session.token,
        idle_status,
        session.log_max,
        *_finished_arguments(finished),
        (take.task if take and take.task else ""),
        *(take.queues if take else ()),
    )


def step(session: Session, reply: Reply) -> tuple[Step, bool]:
    """Read the answer to a step, and whether dependents are left to release.

    Raises:
        Fenced: If the session is over.
    """
    answer = items(reply)
    kind = raw(answer[0])
    if kind == b"FENCED":
        raise Fenced(session.worker)
    finish, left = _FINISH[raw(answer[1])], number(answer[2]) > 0
    if kind == b"TASK":
        return Step(finish=finish, work=_work(session, answer[3:])), left
    if kind == b"MESSAGE":
        message = MessageIn(id=MessageId(text(answer[3])), body=raw(answer[4]))
        return Step(finish=finish, work=message), left
    return Step(finish=finish, work=None, look_again=optional_seconds(answer[3])), left


def _work(session: Session, answer: list[Reply]) -> Work:
    task, attempt, root, body, queue, local, timeout, checkpoint, results, values = answer
    kept, id = optional_text(checkpoint), TaskId(text(task))
    return Work(
        claim=Claim(session=session, task=id, attempt=number(attempt)),
        root=id if root == task else TaskId(text(root)),
        body=raw(body),
        queue=QueueName(text(queue)),
        separate_process=local == b"FALSE",
        timeout=optional_seconds(timeout),
        values={Hash(text(hash)): raw(data) for hash, data in pairs(values)} if values else {},
        results={TaskId(text(id)): Hash(text(hash)) for id, hash in pairs(results)} if results else {},
        checkpoint=None if kept is None else Hash(kept),
    )
