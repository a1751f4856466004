"""The port Messages on Redis."""

import secrets
from collections.abc import Mapping, Sequence

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, pairs, raw, text, texts
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.errors import Fenced, WorkerNotFound
from rrq_core.model.ids import MessageId, WorkerId
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.ports import Messages


class RedisMessages(Messages):
    """Messages of one queue id, in Redis or Valkey."""

    def __init__(self, keys: QueueKeys, connections: Connections, scripts: QueueScripts) -> None:
        self._keys = keys
        self._connections = connections
        self._scripts = scripts

    def send(self, body: bytes, workers: Sequence[WorkerId]) -> MessageId:
        answer = items(self._scripts.run("send", secrets.token_hex(8), body, *workers))
        if raw(answer[0]) == b"NO_WORKER":
            missing = ", ".join(repr(id) for id in texts(answer[1:]))
            raise WorkerNotFound(f"no active worker is called {missing}, so nothing was sent; worker_list() names them")
        return MessageId(text(answer[1]))

    def answer(self, session: Session, message: MessageId, body: bytes, status: WorkerStatus | None = None) -> bool:
        becomes = "" if status is None else status.value
        reply = self._scripts.run("answer", session.worker, session.token, message, body, becomes)
        if reply == b"FENCED":
            raise Fenced(session.worker)
        return number(reply) == 1

    def answers(
        self, message: MessageId | None, workers: Sequence[WorkerId], delete: bool
    ) -> Mapping[WorkerId, Mapping[MessageId, bytes]]:
        keys = [self._keys.worker_part(worker, "response") for worker in workers]
        if message is None:
            replies = self._connections.pipeline([("HGETALL", key) for key in keys])
            found = [{MessageId(text(id)): raw(body) for id, body in pairs(reply)} for reply in replies]
        else:
            replies = self._connections.pipeline([("HGET", key, message) for key in keys])
            found = [{} if reply is None else {message: raw(reply)} for reply in replies]
        if delete:
            self._connections.pipeline(
                [("HDEL", key, *answers) for key, answers in zip(keys, found, strict=True) if answers]
            )
        return {worker: answers for worker, answers in zip(workers, found, strict=True) if answers}
