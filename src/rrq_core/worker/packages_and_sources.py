"""The create function for the common case: some packages are imported, some files of source are run."""

import builtins
import socket
import sys
import tokenize

from attrs import frozen


@frozen(kw_only=True)
class PackagesAndSources:
    """Makes an environment of packages and of files of source. It travels by name: workers have this library.

    Args:
        packages: Names of packages and modules.
        sources: Paths of Python files.
    """

    packages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def __call__(self, names: dict[str, object]) -> None:
        """Import the packages, then run the files, each in order.

        Raises:
            ImportError: If a package is not here.
            FileNotFoundError: If a file is not here.
            BaseException: Whatever a package or a file raises.
        """
        for package in self.packages:
            _attach(package, names)
        for source in self.sources:
            _run(source, names)


def _attach(package: str, names: dict[str, object]) -> None:
    """Bind a package and what `from package import *` binds, but for what Python itself has: `sum` stays `sum`."""
    module = __import__(package, fromlist=("*",))  # imports also those parts of it that its __all__ lists
    public = getattr(module, "__all__", None)
    if public is None:
        public = [name for name in vars(module) if not name.startswith("_")]
    names.update({name: getattr(module, name) for name in public if not hasattr(builtins, name)})
    top = package.partition(".")[0]
    names[top] = sys.modules[top]


def _run(source: str, names: dict[str, object]) -> None:
    try:
        with tokenize.open(source) as file:
            text = file.read()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no file {source!r} on host {socket.gethostname()}") from error
    names["__file__"] = source
    exec(compile(text, source, "exec"), names)
