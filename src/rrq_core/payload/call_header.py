"""What the body of a task says in JSON: what is called, and where its pickles are. Reading it unpickles nothing.

    {"function": {"module": "area", "qualname": "circle"}, "arguments": {"buffers": [0, 1]}}

- `function` has its name; a function by value also has `buffers` or, if it is large, `hash`: that of a stored value.
  In a named group it has its `version`, too: that of its code.
- `expression`, where something is evaluated, not called, has the `references` among its names (of each the module,
  and the dotted name in it) and the names that are `left` to the worker's environment. Its text is the name of the
  function; a lambda is sent as a function by value. The arguments by keyword are the values of its variables.
- `arguments` has the `buffers` of a pair (tuple of the positional ones, dict of those by keyword) and, where some are
  stored values, `stored`: pairs (position or keyword, hash); in their places the pair has None.
- `run`, where there is something to say, has what only the worker needs to know: see `RunOptions`.
- `retry_on`, where it is not every Exception, has the `buffers` of a tuple of the kinds of errors that are retried.
- `buffers` are two numbers, the first buffer and how many: a pickle, and the buffers that lie beside it.

Fields that a reader does not know are passed over.
"""

from collections.abc import Mapping
from functools import lru_cache

from attrs import field, frozen

from rrq_core.errors import PayloadRefused
from rrq_core.model.ids import Hash
from rrq_core.payload.envelope import Envelope
from rrq_core.payload.expression import Expression
from rrq_core.payload.function import FunctionName
from rrq_core.payload.record import field_of, json_bytes, json_of, read_json
from rrq_core.payload.run_options import DEFAULT_RUN, RunOptions, run_options_of

Place = int | str

_SUBJECT = "the body of a task"


@frozen
class Span:
    """Some of the buffers of an envelope: a pickle, and those that lie beside it."""

    first: int
    n: int

    def to_json(self) -> tuple[int, int]:
        """Give the stored form."""
        return self.first, self.n


@frozen(kw_only=True)
class CallHeader:
    """What a body says of its call.

    Args:
        function: The function's name; if it is neither inline nor stored, it is found by it.
        expression: What is evaluated in the place of a call, but for a lambda, which is sent as the function.
        inline: The buffers of a function that the body holds.
        hash: The stored value of a function that is large.
        version: The version of the function's code; None: nobody will ask.
        arguments: The buffers of the arguments.
        stored: The stored value of each large argument, by its position or keyword.
        run: What only the worker needs to know.
        retry_on: The buffers of the kinds of errors that are retried; None: every Exception is.
    """

    function: FunctionName
    expression: Expression | None = None
    inline: Span | None = None
    hash: Hash | None = None
    version: str | None = None
    arguments: Span
    stored: tuple[tuple[Place, Hash], ...] = ()
    run: RunOptions = DEFAULT_RUN
    retry_on: Span | None = None
    hashes: tuple[Hash, ...] = field(init=False)  # the stored values that it names, each once

    @hashes.default
    def _named_hashes(self) -> tuple[Hash, ...]:
        function = () if self.hash is None else (self.hash,)
        return tuple(dict.fromkeys((*function, *(hash for _, hash in self.stored))))

    def to_json(self, subject: object) -> bytes:
        """Give the stored form."""
        function: dict[str, object] = {"module": self.function.module, "qualname": self.function.qualname}
        if self.inline is not None:
            function["buffers"] = self.inline.to_json()
        if self.hash is not None:
            function["hash"] = self.hash
        if self.version is not None:
            function["version"] = self.version
        arguments: dict[str, object] = {"buffers": self.arguments.to_json()}
        if self.stored:
            arguments["stored"] = self.stored
        record: dict[str, object] = {"function": function, "arguments": arguments}
        if self.expression is not None:
            record["expression"] = _expression_record(self.expression)
        if run := self.run.to_record():
            record["run"] = run
        if self.retry_on is not None:
            record["retry_on"] = {"buffers": self.retry_on.to_json()}
        return json_bytes(record, subject)


def call_header(envelope: Envelope, subject: object) -> CallHeader:
    """Read the header of a body.

    Raises:
        PayloadRefused: If it has none.
    """
    return _read(json_of(envelope, subject))


@lru_cache(maxsize=256)
def _read(text: bytes) -> CallHeader:
    """Read the stored form; the tasks of one bulk have the same."""
    record = read_json(text, _SUBJECT)
    function = field_of(record, "function", dict, _SUBJECT)
    arguments = field_of(record, "arguments", dict, _SUBJECT)
    name = FunctionName(field_of(function, "module", str, _SUBJECT), field_of(function, "qualname", str, _SUBJECT))
    return CallHeader(
        function=name,
        expression=_expression(expression, name) if (expression := _part(record, "expression")) else None,
        inline=_span(function) if "buffers" in function else None,
        hash=Hash(field_of(function, "hash", str, _SUBJECT)) if "hash" in function else None,
        version=field_of(function, "version", str, _SUBJECT) if "version" in function else None,
        arguments=_span(arguments),
        stored=_stored(arguments) if "stored" in arguments else (),
        run=run_options_of(_part(record, "run"), _SUBJECT),
        retry_on=_span(retry_on) if (retry_on := _part(record, "retry_on")) else None,
    )


def _expression_record(expression: Expression) -> dict[str, object]:
    references = {name: (found.module, found.qualname) for name, found in expression.references.items()}
    return {"references": references, "left": expression.left}


def _expression(record: Mapping[str, object], name: FunctionName) -> Expression:
    match record:
        case {"references": dict(references), "left": list(left)}:
            found = {str(each): FunctionName(*map(str, parts)) for each, parts in references.items()}
            return Expression(text=name.qualname, references=found, left=tuple(map(str, left)))
    raise PayloadRefused(f"{_SUBJECT} is damaged: {record!r:.200} is no expression")


def _part(record: object, name: str) -> Mapping[str, object]:
    """Give a part that may be absent."""
    return field_of(record, name, dict, _SUBJECT) if isinstance(record, dict) and name in record else {}


def _span(record: Mapping[str, object]) -> Span:
    match record.get("buffers"):
        case [int(first), int(n)] if first >= 0 and n >= 1:
            return Span(first, n)
        case other:
            raise PayloadRefused(f"{_SUBJECT} is damaged: {other!r} are no buffers")


def _stored(record: Mapping[str, object]) -> tuple[tuple[Place, Hash], ...]:
    pairs = []
    for pair in field_of(record, "stored", list, _SUBJECT):
        match pair:
            case [int() | str() as place, str(hash)]:
                pairs.append((place, Hash(hash)))
            case _:
                raise PayloadRefused(f"{_SUBJECT} is damaged: {pair!r} is no place and hash of a stored argument")
    return tuple(pairs)
