"""The offload of one queue: opened when it is first needed, its failures in our words."""

import json
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import NoReturn

from attrs import frozen

from rrq_core.errors import ConfigurationTaken, ObjectMissing, OffloadError, RrqError
from rrq_core.model.ids import Hash
from rrq_core.model.value import Buffer, OffloadEntry, Stored
from rrq_core.plugins import open_offload, without_password
from rrq_core.ports import PART, PROBE, Offload

OWNER_FILE = "rrq-queue.json"
"""The name in the root that says whose it is."""

OLD = 24 * 3600.0
"""Seconds after which what nothing refers to is taken for the trace of a writer that died."""

STALE = 3600.0
"""Seconds after which names that somebody was told to delete are not deleted: they may soon be given out again."""

_MOST_DELETED = 100
_TRUSTED = 10.0  # seconds for which a place is taken for the one that was configured, once it was looked at


def new_token() -> str:
    """Make up what tells one owner of an offload from every other."""
    return secrets.token_hex(16)


def _is_passing(name: str) -> bool:
    """Tell whether a name is there only while somebody claims or probes the place."""
    return name == OWNER_FILE or name.startswith((PART, PROBE))


@frozen
class Owner:
    """Whose an offload is: the name of a queue or store, and what tells it from others of that name."""

    name: str
    token: str


class OffloadSpace:
    """Bytes by name in one offload.

    Args:
        url: The offload's URL.
        owner: Whose it is.
        open_it: Opens it.
    """

    def __init__(self, url: str, owner: Owner, open_it: Callable[[str], Offload] = open_offload) -> None:
        self.shown = without_password(url)
        self._url = url
        self._owner = owner
        self._seen_at: float | None = None
        self._open_it = open_it
        self._opened: Offload | None = None

    @property
    def _offload(self) -> Offload:
        if self._opened is None:
            self._opened = self._open_it(self._url)
        return self._opened

    def write(self, name: str, data: Buffer) -> None:
        """Write bytes under a name.

        Raises:
            OffloadError: If that fails, or this is not the place that was configured.
            UnknownScheme: If no plugin serves the URL.
        """
        self._check_ours()
        with self._in_our_words(f"{len(data)} bytes cannot be written to"):
            self._offload.mset({name: data})

    def read(self, hash: Hash, stored: Stored) -> Buffer:
        """Read a value.

        Raises:
            ObjectMissing: If it is not there.
            ConfigurationTaken: If it is not there, and the place is another's.
            OffloadError: If it cannot be read, is not as long as it was, or this is not the place that was configured.
        """
        name = str(stored.name)
        with self._in_our_words(f"the value {hash} cannot be read from"):
            try:
                (data,) = self._offload.mget([name])
            except ObjectMissing as missing:
                self._check_ours(trusted=0)
                raise ObjectMissing([hash], f"there is no {name!r} in the offload {self.shown}") from missing
        if len(data) != stored.size:
            raise OffloadError(
                f"the value {hash} is damaged: {name!r} in the offload {self.shown} has {len(data)} bytes, and should "
                f"have {stored.size}; it was cut off, or something else wrote there"
            )
        return data

    def delete(self, names: Sequence[str], told_at: float) -> None:
        """Delete names that were given up; who was told a long time ago leaves them to the next who collects.

        Args:
            names: What to delete.
            told_at: When we asked what to delete, by `time.time`.
        Raises:
            ConfigurationTaken: If the place is another's.
            OffloadError: If that fails, or this is not the place that was configured.
        """
        if names:
            self._check_ours()
        every = iter(names)
        while portion := list(islice(every, _MOST_DELETED)):
            if time.time() - told_at > STALE:
                return
            with self._in_our_words("values that nobody needs cannot be deleted from"):
                self._offload.mdel(portion)

    def old_names(self) -> list[str]:
        """List what has been there for a day or longer.

        Raises:
            ConfigurationTaken: If the place is another's.
            OffloadError: If that fails, or this is not the place that was configured.
        """
        self._check_ours(trusted=0)
        before = time.time() - OLD
        with self._in_our_words("nobody can list"):
            return [entry.name for entry in self._entries() if entry.modified < before]

    def sizes(self) -> dict[str, int]:
        """Give the bytes of all that is there, by name.

        Raises:
            ConfigurationTaken: If the place is another's.
            OffloadError: If that fails, or this is not the place that was configured.
        """
        self._check_ours(trusted=0)
        with self._in_our_words("nobody can list"):
            return {entry.name: entry.size for entry in self._entries()}

    def probe(self) -> None:
        """Make sure that it can be written and read from here, and is the place that was configured.

        Raises:
            OffloadError: If not.
        """
        self._check_ours()
        with self._in_our_words("a probe cannot be written to, read from and deleted from"):
            self._offload.probe()

    def check_free(self) -> None:
        """Make sure that it is nobody's, or its owner's already.

        Raises:
            ConfigurationTaken: If it is another's, or holds things that are no queue's.
            OffloadError: If it cannot be looked into.
        """
        with self._in_our_words("nobody can look into"):
            found = self._found_owner()
            if found is None and any(not _is_passing(entry.name) for entry in self._entries()):
                raise ConfigurationTaken(
                    f"the offload {self.shown} is not empty, and belongs to no queue: give {self._owner.name!r} a "
                    "place of its own, such as a new directory or prefix"
                )
        if found is not None:
            self._check_owner(found)

    def claim(self) -> None:
        """Make it its owner's.

        Raises:
            ConfigurationTaken: If it is another's.
            OffloadError: If it cannot be written.
        """
        with self._in_our_words("nobody can write to"):
            record = {"queue_id": self._owner.name, "owner": self._owner.token}
            found = self._offload.claim(OWNER_FILE, json.dumps(record).encode())
        self._check_owner(found)
        self._seen_at = time.monotonic()

    def disown(self) -> None:
        """Take back a claim, as well as can be."""
        with suppress(RrqError), self._in_our_words("nobody can write to"):
            found = self._found_owner()
            if found is not None:
                self._check_owner(found)
                self._offload.mdel([OWNER_FILE])

    def empty(self) -> None:
        """Delete all values that are in it; whose it is stays written there.

        Raises:
            ConfigurationTaken: If the place is another's.
            OffloadError: If that fails, or this is not the place that was configured.
        """
        self._check_ours_or_bare()
        with self._in_our_words("nobody can empty"):
            self._offload.mdel([entry.name for entry in self._entries() if entry.name != OWNER_FILE])

    def destroy(self) -> None:
        """Delete all that is in it, and it.

        Raises:
            ConfigurationTaken: If the place is another's.
            OffloadError: If that fails, or this is not the place that was configured.
        """
        self._check_ours_or_bare()
        with self._in_our_words("nobody can empty"):
            self._offload.destroy()

    def _entries(self) -> Iterator[OffloadEntry]:
        return self._offload.list()

    def _check_ours_or_bare(self) -> None:
        """Make sure that this is the place that was configured, or that nothing is there."""
        with self._in_our_words("nobody can empty"):
            is_bare = all(entry.name != OWNER_FILE and _is_passing(entry.name) for entry in self._entries())
        if not is_bare:
            self._check_ours(trusted=0)

    def _check_ours(self, trusted: float = _TRUSTED) -> None:
        """Make sure that this is the place that was configured: what is mounted differs between hosts and moments.

        Args:
            trusted: Seconds for which an earlier look is enough.
        """
        if self._seen_at is not None and time.monotonic() - self._seen_at < trusted:
            return
        with self._in_our_words("nobody can look into"):
            found = self._found_owner()
        if found is None:
            raise OffloadError(
                f"the offload {self.shown}, as the host {socket.gethostname()} sees it, is not the place that was "
                f"configured for {self._owner.name!r}: there is no {OWNER_FILE!r} in it. Is it shared with this host, "
                "and mounted? If all that was in it was deleted, configure the queue again, as it was"
            )
        self._check_owner(found)
        self._seen_at = time.monotonic()

    def _found_owner(self) -> Buffer | None:
        try:
            return self._offload.mget([OWNER_FILE])[0]
        except ObjectMissing:
            return None

    def _check_owner(self, found: Buffer) -> None:
        try:
            record = json.loads(bytes(found))
            theirs, name = record["owner"], record["queue_id"]
        except (ValueError, LookupError, TypeError):
            theirs, name = None, None
        if theirs != self._owner.token:
            same = ", one on another server or of another time," if name == self._owner.name else ""
            raise ConfigurationTaken(
                f"the offload {self.shown} belongs to the queue {name!r}{same} (it says so in {OWNER_FILE!r} there), "
                f"and not to this {self._owner.name!r}: two would delete each other's values, so choose another place; "
                "or, if the other is gone, delete what is there"
            )

    @contextmanager
    def _in_our_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except RrqError:
            raise
        except Exception as error:  # a plugin's own: of what type, only it knows
            self._fail(what, error)

    def _fail(self, what: str, error: Exception) -> NoReturn:
        raise OffloadError(
            f"{what} the offload {self.shown} from the host {socket.gethostname()}: {type(error).__name__}: {error}"
        ) from error
