"""The bundle of all ports on one server, for one queue id."""

from collections.abc import Callable, Iterable
from functools import partial

from rrq_backends.redis.connection import Connections, Connector, connector_of
from rrq_backends.redis.heartbeat import RedisHeartbeat
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.messages import RedisMessages
from rrq_backends.redis.objects import RedisObjectStore
from rrq_backends.redis.queue import RedisQueue
from rrq_backends.redis.scripts import QueueScripts, Scripts
from rrq_backends.redis.settings import RedisSettings
from rrq_backends.redis.workers import RedisWorkers
from rrq_core.model.ids import QueueId
from rrq_core.plugins import without_password
from rrq_core.ports import Backend


def _nothing() -> None:
    """What else closes with a backend, where nothing does."""


def build_backend(
    connector: Connector,
    url: str,
    queue_id: QueueId,
    *,
    shared: bool,
    durable: bool,
    close: Callable[[], None] = _nothing,
) -> Backend:
    """Bundle the ports over connections of a kind, which `connector` opens. Nothing is written, and nothing sent yet.

    `close` is called after the connections are closed.
    """
    connections = Connections(connector, without_password(url))
    impatient = Connections(connector, without_password(url), patience=0.0)
    scripts, keys = Scripts(connections), QueueKeys(queue_id)
    queue_scripts = QueueScripts(keys, scripts)
    objects_at = partial(RedisObjectStore, queue_id=queue_id, connections=connections, scripts=scripts)
    return Backend(
        url=url,
        queue_id=queue_id,
        queue=RedisQueue(keys, connections, queue_scripts),
        workers=RedisWorkers(keys, connections, queue_scripts),
        messages=RedisMessages(keys, connections, queue_scripts),
        settings=RedisSettings(keys, connections, queue_scripts),
        objects=objects_at(keys.object_store()),
        heartbeat=RedisHeartbeat(connections, impatient, QueueScripts(keys, Scripts(impatient))),
        shared=shared,
        durable=durable,
        objects_at=objects_at,
        close=partial(_close_all, (connections, impatient), close),
    )


def _close_all(every: Iterable[Connections], close: Callable[[], None]) -> None:
    for connections in every:
        connections.close()
    close()


def open_redis(url: str, queue_id: QueueId) -> Backend:
    """Open a queue on the server of a `redis://` or `unix://` URL.

    Raises:
        BackendError: If the server cannot be reached, or refuses us.
    """
    backend = build_backend(connector_of(url), url, queue_id, shared=True, durable=True)
    backend.heartbeat.remaining([f"{queue_id}:version"])  # any read: is the server there, and does it know us?
    return backend
