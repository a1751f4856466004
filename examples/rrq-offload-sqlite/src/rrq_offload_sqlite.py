"""Large values of rrq-core queues in one SQLite file: an offload in forty lines."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from rrq_core import Offload, hookimpl
from rrq_core.errors import ObjectMissing
from rrq_core.model.value import Buffer, OffloadEntry

TABLE = "CREATE TABLE IF NOT EXISTS bytes (name TEXT PRIMARY KEY, data BLOB, modified REAL)"


class SqliteOffload(Offload):
    """Bytes by name, in rows of a table."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def _run(self, statement: str, rows: Sequence[Sequence[object]]) -> list[list[tuple[object, ...]]]:
        with closing(sqlite3.connect(self._path, timeout=60)) as file, file:
            file.execute(TABLE)
            return [file.execute(statement, row).fetchall() for row in rows]

    def mset(self, items: Mapping[str, Buffer]) -> None:
        """Write rows, all of them or none."""
        now = time.time()
        self._run("INSERT OR REPLACE INTO bytes VALUES (?, ?, ?)", [(name, items[name], now) for name in items])

    def mget(self, names: Sequence[str]) -> list[Buffer]:
        """Read rows."""
        found = self._run("SELECT data FROM bytes WHERE name = ?", [(name,) for name in names])
        if missing := [name for name, rows in zip(names, found, strict=True) if not rows]:
            raise ObjectMissing(missing)
        return [data for rows in found for (data,) in rows if isinstance(data, bytes)]

    def mdel(self, names: Sequence[str]) -> None:
        """Delete rows."""
        self._run("DELETE FROM bytes WHERE name = ?", [(name,) for name in names])

    def list(self) -> Iterator[OffloadEntry]:
        """Go through all rows."""
        for name, size, modified in self._run("SELECT name, length(data), modified FROM bytes", [()])[0]:
            yield OffloadEntry(name=str(name), size=int(str(size)), modified=float(str(modified)))

    def destroy(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)


@hookimpl
def rrq_register_offloads(register: Callable[[str, Callable[[str], Offload]], None]) -> None:
    """Register the scheme of sqlite:///path URLs."""
    register("sqlite", lambda url: SqliteOffload(url.removeprefix("sqlite://")))
