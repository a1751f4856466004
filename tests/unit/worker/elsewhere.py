"""Functions of modules that a worker does not have."""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType

from rrq_core.model.ids import TaskId
from rrq_core.payload import CallEncoder, EncodedCall


def encoded_elsewhere(name: str, queue_id: str, task: TaskId, *args: object) -> EncodedCall:
    """The call of a function, by name, as somebody sends it who has a module `only_elsewhere` with it."""
    module = ModuleType("only_elsewhere")
    module.__spec__ = ModuleSpec(module.__name__, None, origin=f"{sys.path[0]}/{module.__name__}.py")
    setattr(module, name, _function(name, module.__name__))
    sys.modules[module.__name__] = module
    try:
        return CallEncoder(getattr(module, name), queue_id).encode(task, args, {})
    finally:
        del sys.modules[module.__name__]


def _function(name: str, module: str) -> Callable[..., object]:
    def function(*args: object) -> str:
        return "that of elsewhere"

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function
