"""Values of one's own: stored once whoever brings them, known by the hash of their bytes, kept as long as tagged."""

import math
import os
import re
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self, overload

from rrq_core.client.environment import url_or_default
from rrq_core.client.flags import checked_flag
from rrq_core.errors import InvalidArgument, ObjectMissing
from rrq_core.model.ids import Hash, QueueId, Tag, checked_name
from rrq_core.model.queue_configuration import QueueConfiguration, checked_size, offload_url
from rrq_core.model.value import Buffer, Location, NewValue
from rrq_core.payload import Context, decode_value, encode_value, value_context
from rrq_core.plugins import open_backend
from rrq_core.ports import ObjectStore as ObjectStorePort
from rrq_core.ports import Offload
from rrq_core.store import OffloadSpace, Owner, ValueStore

_OF_A_TASK = re.compile(r"([0-9a-f]{32}(:checkpoint)?|submit:[0-9a-f]{32})\Z")
_PORTION = 500

# Here, since inside the class `list` is a method.
Texts = list[str]
Values = list[object]
Places = list[Location | None]
Buffers = list[Buffer | None]


class StoredObjects:
    """Values by hash, counted by tags: `controller.objects` are those of a queue, its arguments and results among them.

    A value stays while a tag points at it. The same value again is stored once: its hash is that of its bytes.
    """

    def __init__(self, objects: ObjectStorePort, values: ValueStore, name: str) -> None:
        self._objects = objects
        self._values = values
        self._name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"

    def list(self) -> Texts:
        """List the hashes of all values, in any order. With many values this takes a while."""
        return list(self._objects.hashes())

    def tags(self) -> Texts:
        """List all tags that point at a value, in any order. With many values this takes a while."""
        return list(self._objects.tags())

    def set(self, value: object, tag: str, serialize: bool = True) -> str:
        """Store a value, and give its hash.

        Args:
            value: Any object that can be sent; with `serialize=False` bytes, in any buffer.
            tag: What the value belongs to; it stays until this tag is dropped, and every other.
            serialize: Whether it is an object. Without it, `get` gives the same bytes.
        Raises:
            InvalidArgument: If the tag cannot be, or `serialize`, or there are no bytes where there should be.
            NotSendable: If the value cannot be sent.
            ValueTooLarge: If it is too large, and there is no offload.
            OffloadError: If the offload cannot be written.
        """
        return self.mset([value], tag, serialize)[0]

    def mset(self, values: Iterable[object], tag: str, serialize: bool = True) -> Texts:
        """Store several values under one tag, and give their hashes, in order; see `set`."""
        checked = _tag(tag)
        encode = self._encoded if checked_flag(serialize, "serialize") else self._wrapped
        encoded = [encode(value) for value in values]
        self._values.put(checked, list({value.hash: value for value in encoded}.values()))
        return [value.hash for value in encoded]

    def get(self, hash: str) -> object:
        """Give a value.

        Raises:
            ObjectMissing: If there is none of this hash.
            OffloadError: If it is in the offload, and cannot be read there.
            PayloadRefused: If it cannot be unpickled here.
        """
        return self.mget([hash])[0]

    def mget(self, hashes: Iterable[str]) -> Values:
        """Give several values, in order; see `get`."""
        asked = [Hash(hash) for hash in _several(hashes, "hashes")]
        found: Buffers = []
        for first in range(0, len(asked), _PORTION):
            found += self._values.get(asked[first : first + _PORTION])
        if missing := [hash for hash, data in zip(asked, found, strict=True) if data is None]:
            raise ObjectMissing(missing)
        return [decode_value(data, self._context) for data in found if data is not None]

    @overload
    def location(self, hashes: str, error: bool = True) -> Location | None: ...  # type: ignore[overload-overlap]  # a str is one
    @overload
    def location(self, hashes: Iterable[str], error: bool = True) -> Places: ...
    def location(self, hashes: str | Iterable[str], error: bool = True) -> Location | Places | None:
        """Tell where the bytes of values are: "redis" (in the store itself) or "offload".

        Args:
            hashes: One hash or several.
            error: Whether an unknown one is an error; without it, None stands for it.
        Returns:
            One place for one hash, a list for several.
        Raises:
            ObjectMissing: If one is unknown, and `error`.
        """
        asked = [Hash(hash) for hash in ([hashes] if isinstance(hashes, str) else hashes)]
        found = self._objects.find(asked)
        if error and None in found:
            raise ObjectMissing([hash for hash, place in zip(asked, found, strict=True) if place is None])
        return found[0] if isinstance(hashes, str) else found

    def drop(self, tags: str | Iterable[str]) -> Texts:
        """Take tags away, one or several. Values that no tag points at any more go.

        Returns:
            The hashes of those that are gone.
        Raises:
            InvalidArgument: If one is that of a task; `task_delete` takes it away.
        """
        checked = [_tag(tag) for tag in ([tags] if isinstance(tags, str) else tags)]
        told_at = time.time()
        dropped = self._objects.drop(checked)
        self._values.discard(dropped.names, told_at)
        return list(dropped.hashes)

    def destroy(self) -> None:
        """Delete all values, whatever points at them: in a queue, the arguments and results of its tasks too."""
        self._objects.destroy()
        if self._values.space is not None:
            self._values.space.empty()

    @property
    def _context(self) -> Context:
        return value_context(self._name)

    def _encoded(self, value: object) -> NewValue:
        return encode_value(value, self._context)

    def _wrapped(self, value: object) -> NewValue:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise InvalidArgument(f"with serialize=False a value is bytes, not {type(value).__name__}: {value!r:.60}")
        return encode_value(bytes(value), self._context)


class ObjectStore(StoredObjects):
    """Values by hash, counted by tags, under a prefix of their own: beside queues, and of the same store as theirs.

    Args:
        prefix: What its keys begin with: 1 to 200 printable characters.
        url: Where it is, as for `connect`.
        max_size: Bytes above which a value goes to the offload; `math.inf`: as many as the store takes, 512 MiB.
        offload: The place for larger values: a path, a URL, or an `Offload`. It is this store's alone.
    Raises:
        InvalidArgument: If one of these cannot be.
        ConfigurationTaken: If the offload is another's.
        UnknownScheme: If no plugin serves the URL, or the offload.
        BackendError: If the server cannot be reached or refuses us.

    >>> import rrq_core as rrq
    >>> with rrq.ObjectStore("mine", "memory://objects") as store:
    ...     hash = store.set({"a": 1}, tag="today")
    ...     store.get(hash), str(store.location(hash)), store.drop("today") == [hash]
    ({'a': 1}, 'redis', True)

    R: object_store
    """

    def __init__(
        self,
        prefix: str,
        url: str | None = None,
        *,
        max_size: float = math.inf,
        offload: str | os.PathLike[str] | Offload | None = None,
    ) -> None:
        name = checked_name(prefix, "prefix")
        space = _space(offload, name)
        configuration = QueueConfiguration(store_max_size=checked_size(max_size, "max_size"))
        self._backend = open_backend(url_or_default(url), QueueId(name))
        objects = self._backend.objects_at(name)
        super().__init__(objects, ValueStore(objects, configuration, space), name)
        if space is not None:
            self._claim(space)

    def _claim(self, space: OffloadSpace) -> None:
        try:
            space.check_free()
            space.claim()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. The values stay."""
        self._backend.close()

    def destroy(self) -> None:
        """Delete all values, whatever points at them, and the offload."""
        self._objects.destroy()
        if self._values.space is not None:
            self._values.space.destroy()


def _space(offload: str | os.PathLike[str] | Offload | None, name: str) -> OffloadSpace | None:
    owner = Owner(name, f"object store {name}")
    if isinstance(offload, Offload):
        return OffloadSpace(f"{type(offload).__name__}", owner, lambda _: offload)
    url = offload_url(offload)
    return None if url is None else OffloadSpace(url, owner)


def _tag(tag: object) -> Tag:
    name = checked_name(tag, "tag")
    if _OF_A_TASK.match(name):
        raise InvalidArgument(f"the tag {name!r} has the form of a task's own: choose another")
    return Tag(name)


def _several(names: Iterable[str], what: str) -> Sequence[str]:
    if isinstance(names, str):
        raise InvalidArgument(f"{what} are several, in a list, not one text: [{names!r}]")
    return list(names)
