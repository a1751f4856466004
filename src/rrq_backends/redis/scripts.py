"""The Lua scripts: one transition a file, shared fragments joined at load."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from rrq_backends.redis.connection import Connections
from rrq_backends.redis.exchange import Argument, Reply
from rrq_backends.redis.failures import ScriptUnknown
from rrq_backends.redis.joining import Library, Script, ScriptError, included
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, raw

RELEASE_LIMIT = 200


def _read(folder: Traversable) -> dict[str, str]:
    return {entry.name[:-4]: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".lua")}


@cache
def _library() -> Library:
    return Library(_read(files(__package__) / "lua" / "fragments"))


@cache
def script(name: str) -> Script:
    """Load one script of this package, joined at its first use.

    Raises:
        ScriptError: If it cannot be joined.
    """
    return _library().join(name, (files(__package__) / "lua" / f"{name}.lua").read_text("utf-8"))


def all_scripts() -> Mapping[str, Script]:
    """Load every script of this package.

    Raises:
        ScriptError: If one cannot be joined, or a fragment is used by none.
    """
    folder = files(__package__) / "lua"
    texts, fragments = _read(folder), _read(folder / "fragments")
    used = {part for text in (*texts.values(), *fragments.values()) for part in included(text)}
    if unused := fragments.keys() - used:
        raise ScriptError(f"no script includes the fragments {sorted(unused)}")
    return {name: script(name) for name in texts}


class Scripts:
    """Runs scripts on one server, each in one round trip; the server is given their text when it does not know them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def run(self, name: str, slot: str, *arguments: Argument) -> Reply:
        """Run a script once. `slot` is the key that names the slot of all keys it uses."""
        command = self._command(name, slot, *arguments)
        try:
            return self._connections.call(*command)
        except ScriptUnknown:  # what follows stands outside, so that it does not hold on to this
            pass
        return self._connections.call(*self._spelt_out(name, command))

    def run_each(self, name: str, slot: str, portions: Sequence[Sequence[Argument]]) -> list[Reply]:
        """Run a script once for each portion of arguments, in order, the next sent while the server has the last."""
        if len(portions) == 1:
            return [self.run(name, slot, *portions[0])]
        commands = [self._command(name, slot, *portion) for portion in portions]
        with suppress(ScriptUnknown):
            return self._connections.pipeline(commands, depth=2)
        return self._connections.pipeline([self._spelt_out(name, command) for command in commands], depth=2)

    def _command(self, name: str, slot: str, *arguments: Argument) -> tuple[Argument, ...]:
        """Write the command that runs a script, where the server knows it."""
        return ("EVALSHA", script(name).digest, 1, slot, *arguments)

    def _spelt_out(self, name: str, command: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Write a command with the script's text, which is also how the server learns it.

        Not SCRIPT LOAD and once more EVALSHA: a server that is restarting may forget in between.
        """
        return ("EVAL", script(name).text, *command[2:])


class QueueScripts:
    """Runs the scripts of one queue id."""

    def __init__(self, keys: QueueKeys, scripts: Scripts) -> None:
        self._queue_id = keys.queue_id
        self._slot = keys.task_field("status")
        self._scripts = scripts

    def run(self, name: str, *arguments: Argument) -> Reply:
        """Run a script once."""
        return self._scripts.run(name, self._slot, self._queue_id, *arguments)

    def run_each(self, name: str, portions: Iterable[Sequence[Argument]]) -> list[Reply]:
        """Run a script once for each portion of arguments, in order."""
        return self._scripts.run_each(name, self._slot, [[self._queue_id, *portion] for portion in portions])

    def run_settled(self, name: str, *arguments: Argument) -> list[Reply]:
        """Run a script that wants what is being released to be released first."""
        while True:
            answer = items(self.run(name, *arguments))
            if raw(answer[0]) != b"AGAIN":
                return answer
            self.release(left=1)

    def release(self, left: int) -> None:
        """Go on with the release of dependents until none is left, given how many tasks have some."""
        while left:
            left = number(self.run("release", RELEASE_LIMIT))
