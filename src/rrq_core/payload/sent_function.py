"""Functions as they go into bodies: by name where a worker can import them, else by value."""

import sys
from collections.abc import Callable, Collection

from attrs import evolve, field, frozen

from rrq_core.errors import InvalidType
from rrq_core.model.value import Buffer, NewValue
from rrq_core.payload.context import Context
from rrq_core.payload.expression import Expression
from rrq_core.payload.function import FunctionName, name_of, reference_to
from rrq_core.payload.value import pickle_value, sendable

INLINE_PART = 1024


@frozen(kw_only=True)
class SentFunction:
    """A function as it goes into bodies.

    Args:
        function: The function itself.
        name: Its name; with neither of the next two, workers find it by this.
        buffers: A small function by value: its pickle, and what lies beside that.
        value: A large function by value.
        has_code: Whether there is bytecode in `buffers`.
        expression: The expression that stands in the place of a function; with neither of the two, it is a text.
    """

    function: Callable[..., object] | None = field(repr=False)
    name: FunctionName
    expression: Expression | None = None
    buffers: tuple[Buffer, ...] = field(default=(), repr=False)
    value: NewValue | None = None
    has_code: bool = False

    @property
    def reference(self) -> FunctionName | None:
        """The name by which workers find it, None if it goes by value."""
        return None if self.buffers or self.value is not None else self.name

    @property
    def is_named(self) -> bool:
        """Whether there is nothing to say of it but its name."""
        return self.reference is not None and self.expression is None


def sent_function(function: object, by_value: Collection[str], context: Context) -> SentFunction:
    """Prepare a function for bodies.

    Args:
        function: Any callable, or an expression.
        by_value: Names of modules that the workers do not have.
        context: What a signature binds it to where it is stored.
    Raises:
        InvalidType: If it is no callable.
        NotSendable: If it can be sent neither way.
    """
    if isinstance(function, Expression):
        return _sent_expression(function, by_value, context)
    if not callable(function):
        raise InvalidType(
            f"the function to call is of type {type(function).__name__}, which cannot be called: {function!r:.200}; "
            "give the function and its arguments, submit(f, 1), not what it returns, submit(f(1))"
        )
    reference = reference_to(function, by_value)
    if reference is not None:
        return SentFunction(function=function, name=reference)
    name = name_of(function)
    return _by_value(function, name, f"the function {name}", {*by_value, *made_by_hand(name.module)}, context)


def _sent_expression(expression: Expression, by_value: Collection[str], context: Context) -> SentFunction:
    function, name = expression.function, expression.name
    if function is None:
        return SentFunction(function=None, name=name, expression=expression)
    return evolve(_by_value(function, name, "the expression", by_value, context), expression=expression)


def _by_value(
    function: Callable[..., object], name: FunctionName, what: str, by_value: Collection[str], context: Context
) -> SentFunction:
    whole = sendable(function, what, by_value)
    if whole.size > INLINE_PART:
        return SentFunction(function=function, name=name, value=pickle_value(whole, context))
    # Copies, since what the buffers are views of may change before the last call is encoded.
    buffers = (whole.data, *map(bytes, whole.buffers))
    return SentFunction(function=function, name=name, buffers=buffers, has_code=whole.has_code)


def made_by_hand(module: str) -> set[str]:
    """Give the module if it is loaded, but nobody else can import it: it goes by value with what is in it."""
    is_made_by_hand = module in sys.modules and getattr(sys.modules[module], "__spec__", None) is None
    return {module} if is_made_by_hand else set()
