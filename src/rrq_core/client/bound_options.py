"""Submitting with options that were said before."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ParamSpec, TypeVar, overload

from attrs import fields

from rrq_core.client.connection import Connection
from rrq_core.client.create import create_call
from rrq_core.client.groups import TaskGroup
from rrq_core.client.named_group import map_calls
from rrq_core.client.options import DEFAULT_OPTIONS, TaskOptions
from rrq_core.client.task import Task

P = ParamSpec("P")
T = TypeVar("T")


class BoundOptions:
    """`submit` and `map` of a controller, with options."""

    def __init__(self, controller: Connection, options: TaskOptions) -> None:
        self._controller = controller
        self._options = options

    def __repr__(self) -> str:
        shown = (option.name for option in fields(TaskOptions) if option.repr)
        changed = [name for name in shown if getattr(self._options, name) != getattr(DEFAULT_OPTIONS, name)]
        options = ", ".join(f"{name}={getattr(self._options, name)!r}" for name in changed)
        return f"<{type(self).__name__} {options} of {self._controller!r}>"

    @overload  # as those of `Controller.submit`
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]: ...
    @overload
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Task[T]: ...
    @overload
    def submit(self, fn: Callable[P, Coroutine[Any, Any, T]], /, *args: object, **kwargs: object) -> Task[T]: ...
    @overload
    def submit(  # type: ignore[overload-cannot-match]
        self, fn: Callable[..., T], /, *args: object, **kwargs: object
    ) -> Task[T]: ...
    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Task[Any]:
        """Submit a call; see `Controller.submit`."""
        return create_call(self._controller, fn, args, kwargs, self._options)

    @overload
    def map(
        self,
        fn: Callable[..., Coroutine[Any, Any, T]],
        *iterables: Iterable[object],
        name: str | None = None,
        keep: bool = True,
    ) -> TaskGroup[T]: ...
    @overload
    def map(
        self, fn: Callable[..., T], *iterables: Iterable[object], name: str | None = None, keep: bool = True
    ) -> TaskGroup[T]: ...
    def map(
        self, fn: Callable[..., Any], *iterables: Iterable[object], name: str | None = None, keep: bool = True
    ) -> TaskGroup[Any]:
        """Submit a call for each tuple of the zipped iterables; see `Controller.map`."""
        return map_calls(self._controller, fn, iterables, self._options, name, keep)
