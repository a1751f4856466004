"""A script and its fragments, joined into the text that a server gets.

A server runs the whole text at each call, so that each function in it that is only defined costs time; some servers
(fakeredis) even compile it each time. So only what is used is sent: definitions that nothing names are left out, names
of keys stand where they are used, and what is seldom needed is included in the block that needs it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

_INCLUDE = re.compile(r"^( *)-- include: (.+)$", re.MULTILINE)
_WORD = re.compile(r"\w+")
_WORD_OUTSIDE_TEXT = re.compile(r"'[^']*'|\w+")
_SIMPLE = re.compile(r"[\w.]+|'[^']*'")
_NAME = re.compile(r"local (?:function )?(\w+)")
_EXPRESSION = re.compile(r"local function (\w+)\(([\w, ]*)\)\n  return ([^(\n]*)\nend\n")


class ScriptError(Exception):
    """A script that cannot be joined from its parts: a mistake in this package."""


@frozen(kw_only=True)
class Script:
    """One transition: its name, its whole text and the digest by which the server knows it."""

    name: str
    text: str
    digest: str


@frozen(kw_only=True, eq=False)
class _Definition:
    """A local function or value of a fragment, and the words that it is made of."""

    name: str
    text: str
    words: frozenset[str]


@frozen(kw_only=True)
class _Fragment:
    includes: tuple[str, ...]
    definitions: tuple[_Definition, ...]


@frozen(kw_only=True)
class _Expression:
    """A function that is one expression without calls: it is written out where it is called."""

    parameters: list[str]
    text: str

    def with_arguments(self, arguments: list[str]) -> str:
        """Put arguments in the place of the parameters."""
        safe = [one if _SIMPLE.fullmatch(one) else f"({one})" for one in arguments]
        given = dict(zip(self.parameters, safe, strict=True))
        return "(" + _WORD_OUTSIDE_TEXT.sub(lambda word: given.get(word[0], word[0]), self.text) + ")"


class Library:
    """The fragments that scripts are joined with.

    Raises:
        ScriptError: If a fragment is no list of definitions.
    """

    def __init__(self, fragments: Mapping[str, str]) -> None:
        found = [_EXPRESSION.findall(text) for text in fragments.values()]
        self._expressions = {
            name: _Expression(parameters=parameters.split(", "), text=text)
            for expressions in found
            for name, parameters, text in expressions
        }
        self._fragments = {name: self._fragment(name, text) for name, text in fragments.items()}

    def join(self, name: str, text: str) -> Script:
        """Join a script with the fragments it includes, each before its first use.

        An include at the left margin stands for the whole script; one that is indented for its block alone.

        Raises:
            ScriptError: If it includes a fragment that does not exist, or of which it uses nothing.
        """
        own = self._code(text, but_includes=True)
        for_all = self._with_theirs(
            name, [part for indent, parts in _INCLUDE.findall(text) if not indent for part in parts.split()]
        )
        everything = self._with_theirs(name, included(text))
        used = self._used(everything, own)
        self._check_use(name, text, used)

        def definitions(fragments: Iterable[str]) -> str:
            return "".join(one.text for part in fragments for one in self._fragments[part].definitions if one in used)

        def in_block(found: re.Match[str]) -> str:
            indent, parts = found.groups()
            needed = self._with_theirs(name, parts.split())
            return definitions(part for part in needed if indent and part not in for_all)

        whole = _bare(definitions(for_all) + _INCLUDE.sub(in_block, own))
        return Script(name=name, text=whole, digest=hashlib.sha1(whole.encode()).hexdigest())

    def _fragment(self, name: str, text: str) -> _Fragment:
        code = self._code(text)
        if code and not code.startswith("local "):
            raise ScriptError(f"the fragment {name!r} is to be a list of local definitions, and begins otherwise")
        starts = [found.start() for found in re.finditer(r"^local ", code, re.MULTILINE)]
        chunks = [code[start:end] for start, end in zip(starts, [*starts[1:], len(code)], strict=True)]
        return _Fragment(includes=tuple(included(text)), definitions=tuple(map(_definition, chunks)))

    def _with_theirs(self, name: str, fragments: Iterable[str]) -> list[str]:
        """List fragments, each after those that it includes itself."""
        found: dict[str, None] = {}
        for fragment in fragments:
            if fragment not in self._fragments:
                raise ScriptError(f"{name!r} includes the fragment {fragment!r}, which does not exist")
            found.update(dict.fromkeys(self._with_theirs(fragment, self._fragments[fragment].includes)))
            found[fragment] = None
        return list(found)

    def _used(self, fragments: list[str], own: str) -> set[_Definition]:
        """Find the definitions that are used; each is defined before what uses it."""
        words, used = set(_WORD.findall(own)), set[_Definition]()
        for fragment in reversed(fragments):
            for definition in reversed(self._fragments[fragment].definitions):
                if definition.name in words:
                    used.add(definition)
                    words |= definition.words
        return used

    def _check_use(self, name: str, text: str, used: set[_Definition]) -> None:
        named = set(_WORD.findall(text))
        for fragment in included(text):
            if not any(one in used or one.name in named for one in self._fragments[fragment].definitions):
                raise ScriptError(f"the script {name!r} includes the fragment {fragment!r} and uses nothing of it")

    def _code(self, text: str, *, but_includes: bool = False) -> str:
        """Leave out comments, and write out the names of keys."""
        kept = [line for line in text.splitlines() if line.strip() and _is_code(line, but_includes)]
        code = "".join(line + "\n" for line in kept)
        if self._expressions:
            calls = re.compile(rf"(?<!function )\b({'|'.join(self._expressions)})\(")
            code = "".join(self._written_out(code, calls))
        return code.replace("' .. '", "")

    def _written_out(self, code: str, calls: re.Pattern[str]) -> Iterator[str]:
        at = 0
        while found := calls.search(code, at):
            yield code[at : found.start()]
            arguments, end = _arguments(code, found.end())
            written_out = ["".join(self._written_out(argument, calls)) for argument in arguments]
            yield self._expressions[found[1]].with_arguments(written_out)
            at = end
        yield code[at:]


def included(text: str) -> list[str]:
    """List the fragments that a text includes."""
    return [name for _, names in _INCLUDE.findall(text) for name in names.split()]


def _is_code(line: str, but_includes: bool) -> bool:
    return not line.lstrip().startswith("--") or (but_includes and _INCLUDE.match(line) is not None)


def _definition(chunk: str) -> _Definition:
    found = _NAME.match(chunk)
    return _Definition(name=found[1] if found else "", text=chunk, words=frozenset(_WORD.findall(chunk)))


def _arguments(code: str, start: int) -> tuple[list[str], int]:
    """Read the arguments of a call whose parenthesis opened just before; give them, and where the call ends."""
    arguments, depth, first = list[str](), 0, start
    for at in range(start, len(code)):
        character = code[at]
        if character == "," and depth == 0:
            arguments.append(code[first:at].strip())
            first = at + 1
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return [*arguments, code[first:at].strip()], at + 1
    raise ScriptError(f"a parenthesis is never closed: {code[start : start + 40]!r}")


def _bare(code: str) -> str:
    """Leave out indentation and what is empty."""
    return "\n".join(line.strip() for line in code.splitlines() if line)
