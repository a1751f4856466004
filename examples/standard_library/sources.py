"""Which files are measured: the modules of this Python's standard library, and one that is broken on purpose."""

import sysconfig
from pathlib import Path

from attrs import frozen

LIBRARY = Path(sysconfig.get_path("stdlib"))
NOT_OURS = {"site-packages", "dist-packages", "__pycache__"}


@frozen(kw_only=True)
class Source:
    """One source file: the module that it is, and where it lies."""

    module: str
    path: str
    bytes: int


def library_sources(folder: Path = LIBRARY) -> list[Source]:
    """List the source files of the standard library, or of another folder, the largest first.

    Workers that take the large ones first end at about the same time.
    """
    files = (file for file in folder.rglob("*.py") if NOT_OURS.isdisjoint(file.relative_to(folder).parts))
    sources = [source(file, folder) for file in files if file.is_file()]
    return sorted(sources, key=lambda one: (-one.bytes, one.module))


def source(file: Path, root: Path) -> Source:
    """Describe a source file below a root."""
    return Source(module=module_name(file.relative_to(root)), path=str(file), bytes=file.stat().st_size)


def module_name(path: Path) -> str:
    """Give the dotted name of the module that lies at a path.

    >>> module_name(Path("email/mime/__init__.py"))
    'email.mime'
    """
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def broken_source(directory: Path) -> Source:
    """Write a file that does not parse, to show that one bad input does not sink the run."""
    file = directory / "broken_on_purpose.py"
    file.write_text("def broken(:\n    pass\n")
    return source(file, directory)
