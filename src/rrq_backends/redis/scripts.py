"""The Lua scripts: one transition a file, shared fragments joined at load."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from attrs import frozen

from rrq_backends.redis.connection import Argument, Connections, Reply
from rrq_backends.redis.failures import ScriptUnknown
from rrq_backends.redis.keys import QueueKeys
from rrq_backends.redis.replies import items, number, raw

RELEASE_LIMIT = 500

_INCLUDE = re.compile(r"^-- include: (.+)$", re.MULTILINE)
_DEFINITION = re.compile(r"^local (?:function )?([A-Za-z_]+)", re.MULTILINE)


class ScriptError(Exception):
    """A script that cannot be joined from its parts: a mistake in this package."""


@frozen(kw_only=True)
class Script:
    """One transition: its name, its whole text and the digest by which the server knows it."""

    name: str
    text: str
    digest: str


def join(name: str, text: str, fragments: Mapping[str, str]) -> Script:
    """Join a script with the fragments it includes, each once and before its first use.

    Raises:
        ScriptError: If it includes a fragment that does not exist, or of which it uses nothing.
    """
    joined: dict[str, str] = {}
    _include(name, text, fragments, joined)
    own = _INCLUDE.sub("", text)
    whole = _bare("\n".join([*joined.values(), own]))
    for fragment in _included(text):
        rest = "\n".join([own, *(part for other, part in joined.items() if other != fragment)])
        if not any(re.search(rf"\b{defined}\b", rest) for defined in _DEFINITION.findall(joined[fragment])):
            raise ScriptError(f"the script {name!r} includes the fragment {fragment!r} and uses nothing of it")
    return Script(name=name, text=whole, digest=hashlib.sha1(whole.encode()).hexdigest())


def _bare(text: str) -> str:
    """Leave out comments and indentation: some servers read the text at every run."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))


def _included(text: str) -> list[str]:
    return [name for line in _INCLUDE.findall(text) for name in line.split()]


def _include(name: str, text: str, fragments: Mapping[str, str], joined: dict[str, str]) -> None:
    for fragment in _included(text):
        if fragment not in fragments:
            raise ScriptError(f"{name!r} includes the fragment {fragment!r}, which does not exist")
        if fragment not in joined:
            _include(fragment, fragments[fragment], fragments, joined)
            joined[fragment] = _INCLUDE.sub("", fragments[fragment])


def _read(folder: Traversable) -> dict[str, str]:
    return {entry.name[:-4]: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".lua")}


@cache
def all_scripts() -> Mapping[str, Script]:
    """Load every script of this package.

    Raises:
        ScriptError: If one cannot be joined, or a fragment is used by none.
    """
    folder = files(__package__) / "lua"
    texts, fragments = _read(folder), _read(folder / "fragments")
    used = {part for text in (*texts.values(), *fragments.values()) for part in _included(text)}
    if unused := fragments.keys() - used:
        raise ScriptError(f"no script includes the fragments {sorted(unused)}")
    return {name: join(name, text, fragments) for name, text in texts.items()}


class Scripts:
    """Runs scripts on one server, each in one round trip; the server is given their text when it does not know them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._scripts = all_scripts()

    def run(self, name: str, slot: str, *arguments: Argument) -> Reply:
        """Run a script once. `slot` is the key that names the slot of all keys it uses."""
        command = self._command(name, slot, arguments)
        try:
            return self._connections.call(*command)
        except ScriptUnknown:
            return self._connections.call(*self._spelt_out(name, command))

    def run_each(self, name: str, slot: str, portions: Sequence[Sequence[Argument]]) -> list[Reply]:
        """Run a script once for each portion of arguments, in order, the next sent while the server has the last."""
        commands = [self._command(name, slot, portion) for portion in portions]
        try:
            return self._connections.pipeline(commands, depth=2)
        except ScriptUnknown:
            return self._connections.pipeline([self._spelt_out(name, command) for command in commands], depth=2)

    def _command(self, name: str, slot: str, arguments: Sequence[Argument]) -> tuple[Argument, ...]:
        return ("EVALSHA", self._scripts[name].digest, 1, slot, *arguments)

    def _spelt_out(self, name: str, command: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Write a command with the script's text, which is also how the server learns it.

        Not SCRIPT LOAD and once more EVALSHA: a server that is restarting may forget in between.
        """
        return ("EVAL", self._scripts[name].text, *command[2:])


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
