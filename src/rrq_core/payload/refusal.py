"""What to say of a payload that cannot be read here: what is missing, where it was looked for, and what to do."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions, version
from pathlib import Path
from urllib.parse import unquote, urlsplit

_MOST_PLACES = 8


def why_unreadable(error: Exception, module: str | None = None) -> str:
    """Say why importing or unpickling something failed here, and what helps.

    Args:
        error: What was raised.
        module: The module that was to be imported, where it is known.
    """
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        return _missing_module(error.name, module or error.name)
    if isinstance(error, AttributeError | ImportError):
        installed = _installed(module or (error.name if isinstance(error, ImportError) else None))
        return (
            f"{error} ({_here()}): this process has another version of it than the sender{installed}; update it, then "
            "restart"
        )
    return f"{type(error).__name__}: {error!s:.500} ({_here()})"


def _missing_module(missing: str, wanted: str) -> str:
    """Say that a module is missing. By value helps if it is the sender's own, not if it is one that theirs imports."""
    is_wanted = wanted == missing or wanted.startswith(f"{missing}.")
    reason = "" if is_wanted else f", which {wanted!r} imports"
    remedies = ["install it on the worker", "start the worker in the directory that has it"]
    if is_wanted:
        remedies.append(f"send it by value with connect(by_value=[{missing.partition('.')[0]!r}])")
    return f"no module named {missing!r}{reason} is found {_here()}: {', '.join(remedies[:-1])}, or {remedies[-1]}"


def _installed(module: str | None) -> str:
    """Say which version of a module is here: that of its distribution, or the file if it belongs to none."""
    if module is None:
        return ""
    top = module.partition(".")[0]
    owners = set(packages_distributions().get(top, ())) or set(_developers(top))
    file = getattr(sys.modules.get(module), "__file__", None)
    told = ", ".join(f"{owner} {version(owner)}" for owner in sorted(owners)) or file
    return f", namely {told}" if told else ""


def _developers(module: str) -> Iterator[str]:
    """Name what was installed in place, as by `pip install -e`, from a directory that holds a module."""
    file: str | None = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return
    for package in distributions():
        url = json.loads(package.read_text("direct_url.json") or "{}").get("url", "")
        if url.startswith("file:") and Path(file).is_relative_to(unquote(urlsplit(url).path)):
            yield package.name


def _here() -> str:
    places = [place or "." for place in sys.path]
    shown = ", ".join(places[:_MOST_PLACES]) + (", …" if len(places) > _MOST_PLACES else "")
    return f"on host {socket.gethostname()}, in the working directory {_working_directory()}, looking in {shown}"


def _working_directory() -> Path | str:
    try:
        return os.getcwd()
    except OSError:
        return "(deleted)"
