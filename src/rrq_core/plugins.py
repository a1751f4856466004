"""Plugins: the hooks by which backends, offloads and launchers make themselves known, and the registry of URL schemes.

A plugin is a module or object with functions marked `hookimpl`, found through the entry-point group `rrq`. Plugins are
loaded when a URL is first opened. $RRQ_PLUGIN_AUTOLOAD=0 loads none but our own and those that $RRQ_PLUGINS names by
their entry points, separated by commas.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

import pluggy

from rrq_core.errors import InvalidArgument, PluginError, UnknownScheme
from rrq_core.model.ids import QueueId
from rrq_core.ports import Backend, BackendFactory, Launcher, Offload, OffloadFactory

GROUP = "rrq"
OUR_OWN = frozenset({"rrq_backends"})

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)

_T = TypeVar("_T")
_OFFLOADS_TO_INSTALL: Mapping[str, str] = MappingProxyType(
    {
        "file": "pip install 'rrq-core[disk]'",
        "s3": "pip install 'rrq-core[s3]'",
        "gs": "pip install 'rrq-core[s3]' gcsfs",
        "az": "pip install 'rrq-core[s3]' adlfs",
        "abfs": "pip install 'rrq-core[s3]' adlfs",
        "sftp": "pip install 'rrq-core[s3]' paramiko",
    }
)


class Hooks:
    """The hooks that a plugin may implement."""

    @hookspec
    def rrq_register_backends(self, register: Callable[[str, BackendFactory], None]) -> None:
        """Call register(scheme, factory) once for each URL scheme of a backend that you offer."""

    @hookspec
    def rrq_register_offloads(self, register: Callable[[str, OffloadFactory], None]) -> None:
        """Call register(scheme, factory) once for each URL scheme of an offload that you offer."""

    @hookspec
    def rrq_register_launchers(self, register: Callable[[str, Callable[[], Launcher]], None]) -> None:
        """Call register(name, factory) once for each launcher that you offer."""


class Registry(Generic[_T]):
    """Factories by name. A name that is registered twice is an error, whoever comes first."""

    def __init__(self, what: str, to_install: Mapping[str, str] = MappingProxyType({})) -> None:
        self.what = what
        self._to_install = to_install
        self._factories: dict[str, _T] = {}

    def register(self, name: str, factory: _T) -> None:
        """Enter a factory.

        Raises:
            PluginError: If another plugin has this name.
        """
        if name in self._factories:
            raise PluginError(
                f"two plugins register the {self.what} {name!r}: {self._factories[name]!r} and {factory!r}; "
                "uninstall one, or load only what you need with $RRQ_PLUGIN_AUTOLOAD=0 and $RRQ_PLUGINS"
            )
        self._factories[name] = factory

    def find(self, name: str, wanted_by: str) -> _T:
        """Give the factory of a name.

        Raises:
            UnknownScheme: If there is none; the error lists those that exist, and how to install known ones.
        """
        if name not in self._factories:
            known = ", ".join(sorted(self._factories)) or "none"
            install = self._to_install.get(name)
            remedy = f"install it with: {install}" if install else "if a plugin brings it, install that here, too"
            raise UnknownScheme(
                f"no {self.what} is named {name!r}, wanted by {wanted_by!r}; {remedy} (there are: {known})"
            )
        return self._factories[name]


class Plugins:
    """All that was registered through one plugin manager."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.backends: Registry[BackendFactory] = Registry("URL scheme of a backend")
        self.offloads: Registry[OffloadFactory] = Registry("URL scheme of an offload", _OFFLOADS_TO_INSTALL)
        self.launchers: Registry[Callable[[], Launcher]] = Registry("launcher")
        manager.check_pending()
        manager.hook.rrq_register_backends(register=self.backends.register)
        manager.hook.rrq_register_offloads(register=self.offloads.register)
        manager.hook.rrq_register_launchers(register=self.launchers.register)


def plugin_manager() -> pluggy.PluginManager:
    """Make a plugin manager that knows our hooks and has no plugins yet."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    return manager


def _is_wanted(entry: EntryPoint) -> bool:
    if entry.name in OUR_OWN or os.environ.get("RRQ_PLUGIN_AUTOLOAD", "1") != "0":
        return True
    return entry.name in os.environ.get("RRQ_PLUGINS", "").split(",")


def load_plugins() -> Plugins:
    """Load the installed plugins.

    Raises:
        PluginError: If one cannot be imported, or implements a hook that does not exist.
    """
    manager = plugin_manager()
    for entry in entry_points(group=GROUP):
        if _is_wanted(entry):
            try:
                manager.register(entry.load(), name=entry.name)
            except Exception as error:
                raise PluginError(
                    f"the plugin {entry.name!r} ({entry.value}) does not load: {type(error).__name__}: {error}"
                ) from error
    try:
        return Plugins(manager)
    except pluggy.PluginValidationError as error:
        raise PluginError(f"a plugin implements a hook that does not exist: {error}") from error


@cache
def installed_plugins() -> Plugins:
    """Give the installed plugins, loaded once in a process."""
    return load_plugins()


def open_backend(url: str, queue_id: QueueId) -> Backend:
    """Open the backend of a URL for a queue id. Nothing is written.

    Raises:
        UnknownScheme: If no plugin serves the URL's scheme.
        BackendError: If the store cannot be reached or refuses us.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise UnknownScheme(
            f"a URL begins with a scheme, as in redis://localhost or embedded://; this one does not: {url!r}"
        )
    return installed_plugins().backends.find(scheme, without_password(url))(url, queue_id)


def open_offload(url: str) -> Offload:
    """Open the offload of a URL, or of a path on a disk.

    Raises:
        UnknownScheme: If no plugin serves the URL's scheme.
    """
    scheme, separator, _ = url.partition("://")
    return installed_plugins().offloads.find(scheme if separator else "file", without_password(url))(url)


def open_launcher(name: str) -> Launcher:
    """Give the launcher of a name: `local`, `slurm`, or that of a plugin.

    Raises:
        InvalidArgument: If no plugin offers one of this name; the error lists those that exist.
    """
    try:
        return installed_plugins().launchers.find(name, "worker_spawn")()
    except UnknownScheme as error:
        raise InvalidArgument(str(error)) from None


def without_password(url: str) -> str:
    """Give a URL as it may be shown."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    credentials, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials.partition(':')[0]}:***@{place}"))
