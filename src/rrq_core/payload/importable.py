"""Which modules other processes can import: those that the import system finds by their names.

Some that are loaded here are found nowhere else: made by hand (`types.ModuleType`), run by `runpy`, or loaded from a
file under a name of somebody's choice, as test runners do. What is in them goes by value.
"""

import os
import sys
from collections.abc import Collection, Iterator
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from types import ModuleType

_MAINS = frozenset({"__main__", "__mp_main__"})

# Modules that need no second look; and what was not found when there were so many modules, with this one as the last.
_found: dict[str, object] = {}
_only_here: tuple[tuple[int, object], frozenset[str]] = ((0, None), frozenset())


def is_importable(name: str, by_value: Collection[str] = ()) -> bool:
    """Tell whether another process can import a module that is loaded here.

    Args:
        name: Its name.
        by_value: Names of modules that the other process does not have, nor what is in them.

    >>> is_importable("collections.abc"), is_importable("__main__")
    (True, False)
    """
    if getattr(sys.modules.get(name), "__spec__", None) is None or name in _MAINS:
        return False
    absent = {*by_value, *only_here()}
    return not any(name == module or name.startswith(f"{module}.") for module in absent)


def only_here() -> frozenset[str]:
    """Give the names of modules and packages that are loaded here, and that nobody else can import.

    Those in packages that are found, and `__main__`, are not among them.
    """
    global _only_here
    state = len(sys.modules), next(reversed(sys.modules.items()))
    if _only_here[0] != state:
        _only_here = state, frozenset(_not_found())
    return _only_here[1]


def _not_found() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        if "." in name or name in _MAINS or _found.get(name) is module:
            continue
        spec = getattr(module, "__spec__", None)
        is_second_name = spec is not None and spec.name != name
        if is_second_name or not _is_python(module, spec) or _is_found(name, spec):
            _found[name] = module
        else:
            yield name


def _is_python(module: ModuleType, spec: ModuleSpec | None) -> bool:
    """Tell whether Python code was run to fill a module. That of C, and what it makes by hand, cannot go by value."""
    if type(module) is not ModuleType or vars(module).keys().isdisjoint(("__builtins__", "__path__")):
        return False
    return spec is None or not isinstance(spec.loader, ExtensionFileLoader)


def _is_found(name: str, spec: ModuleSpec | None) -> bool:
    """Tell whether this very module is found by its name: at once where it lies in a folder that is searched."""
    folder, file = ("", "") if spec is None or spec.origin is None else os.path.split(_file_or_folder(spec.origin))
    if folder in sys.path and file.partition(".")[0] == name:
        return True
    found = next(_specs(name), None)
    return found is not None and (spec is None or _is_same(spec, found))


def _is_same(one: ModuleSpec, other: ModuleSpec) -> bool:
    if one.origin != other.origin:
        return False
    places = [set(spec.submodule_search_locations or ()) for spec in (one, other)]
    return places == [set(), set()] or not places[0].isdisjoint(places[1])


def _file_or_folder(origin: str) -> str:
    """Give the file of a module, or the folder of a package."""
    folder, file = os.path.split(origin)
    return folder if file.startswith("__init__.") else origin


def _specs(name: str) -> Iterator[ModuleSpec]:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None)
        if spec is not None:
            yield spec
