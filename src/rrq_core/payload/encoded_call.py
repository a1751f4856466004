"""What becomes of a call before it is submitted."""

from collections.abc import Callable

from attrs import field, frozen

from rrq_core.model.ids import TaskId
from rrq_core.model.value import NewValue


@frozen(kw_only=True)
class EncodedCall:
    """The body of a task, the stored values that it names, and the tasks whose results are among its arguments."""

    body: bytes = field(repr=False)
    values: tuple[NewValue, ...] = field(repr=False)
    takes_result_of: tuple[TaskId, ...] = ()
    _call: Callable[[], str] = field(repr=False, eq=False)
    _member: Callable[[], str] = field(repr=False, eq=False)

    @property
    def call(self) -> str:
        """A hash of the function and its plain arguments, by which calls under one key are compared."""
        return self._call()

    @property
    def member(self) -> str:
        """A hash of the function's name and all arguments, by which calls in a named group are the same.

        Raises:
            NotSendable: If an argument cannot be pickled.
        """
        return self._member()
