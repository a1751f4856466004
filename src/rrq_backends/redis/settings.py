"""The port Settings on Redis."""

from collections.abc import Mapping

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.exchange import Argument
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, raw, text, texts
from rrq_backends.redis.scripts import QueueScripts
from rrq_core.errors import ForeignKey
from rrq_core.model.setting import QUEUE_CONFIGURATION, Connected, SettingKind, SettingName
from rrq_core.ports import Settings


class RedisSettings(Settings):
    """Settings of one queue id, in Redis or Valkey."""

    def __init__(self, keys: QueueKeys, connections: Connections, scripts: QueueScripts) -> None:
        self._keys = keys
        self._connections = connections
        self._scripts = scripts

    def connect(self, schema: str, info: bytes, defaults: Mapping[SettingName, bytes]) -> Connected:
        configs: list[Argument] = []
        for name, value in defaults.items():
            if name.kind is SettingKind.WORKER_CONFIG:
                configs += (name.name, value)
        configuration = defaults.get(QUEUE_CONFIGURATION, b"{}")
        answer = items(self._scripts.run("connect", schema, info, configuration, *configs))
        if raw(answer[0]) == b"FOREIGN":
            raise ForeignKey(
                f"the key {text(answer[1])!r}, which the queue {self._keys.queue_id!r} needs, holds something of "
                "another's, so nothing was written: choose another queue id"
            )
        return Connected(schema=text(answer[1]), configuration=raw(answer[2]))

    def get(self, name: SettingName) -> bytes | None:
        if name.kind is SettingKind.WORKER_CONFIG:
            reply = self._connections.call("HGET", self._keys.single("worker:config"), name.name)
        else:
            reply = self._connections.call("GET", self._keys.single(name.kind.value))
        return None if reply is None else raw(reply)

    def put(self, name: SettingName, value: bytes | None, if_absent: bool = False) -> bool:
        if name.kind is SettingKind.WORKER_CONFIG:
            return self._put_field(self._keys.single("worker:config"), name.name, value, if_absent)
        return self._put_key(self._keys.single(name.kind.value), value, if_absent)

    def _put_field(self, key: str, field: str, value: bytes | None, if_absent: bool) -> bool:
        if value is None:
            self._connections.call("HDEL", key, field)
            return True
        if if_absent:
            return number(self._connections.call("HSETNX", key, field, value)) == 1
        self._connections.call("HSET", key, field, value)
        return True

    def _put_key(self, key: str, value: bytes | None, if_absent: bool) -> bool:
        if value is None:
            self._connections.call("UNLINK", key)
            return True
        return self._connections.call("SET", key, value, *(["NX"] if if_absent else [])) is not None

    def names(self, kind: SettingKind) -> list[SettingName]:
        if kind is SettingKind.WORKER_CONFIG:
            fields = texts(self._connections.call("HKEYS", self._keys.single("worker:config")))
            return [SettingName(kind=kind, name=field) for field in sorted(fields)]
        exists = number(self._connections.call("EXISTS", self._keys.single(kind.value)))
        return [SettingName(kind=kind)] if exists else []
