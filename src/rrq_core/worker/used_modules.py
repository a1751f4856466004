"""The modules in which tasks call something: that the source of one was edited since it was imported is said.

The code from before goes on to run, until a REFRESH or a restart; nothing else would show it.
"""

from attrs import Factory, define, field, frozen

from rrq_core.worker.own_modules import OwnModules, Version, version_of


@frozen
class _Source:
    file: str
    version: Version | None


@define(eq=False)
class UsedModules:
    """Remembers the sources of a user's own modules as they were when they were imported, or used first.

    To look again costs an `os.stat` for one of these, and nothing for others.
    """

    _own: OwnModules
    _sources: dict[str, _Source | None] = field(init=False, factory=dict)
    _told: set[_Source] = field(init=False, factory=set)
    _news: list[str] = Factory(list)

    def note(self) -> None:
        """Take the sources of what is imported now as they are, and forget all others."""
        self._sources = {name: _Source(file, version_of(file)) for name, file in self._own.sources()}

    def stale(self, name: str) -> str | None:
        """Say in a sentence that a module was edited since it was imported here; None if it was not."""
        if name not in self._sources:
            file = self._own.source(name)
            self._sources[name] = None if file is None else _Source(file, version_of(file))
        source = self._sources[name]
        version = None if source is None else version_of(source.file)
        if source is None or version in (None, source.version):
            return None
        self._tell(_Source(source.file, version))
        return (
            f"{source.file} was edited after this worker had imported {name}, and the code from before ran: "
            "message_send('REFRESH') has it imported anew"
        )

    def news(self) -> list[str]:
        """Give the files that were found edited since this was asked last, each once for each edit."""
        news, self._news = self._news, []
        return news

    def _tell(self, now: _Source) -> None:
        if now not in self._told:
            self._told.add(now)
            self._news.append(now.file)
