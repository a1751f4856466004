"""Plugins: how they make themselves known, and what is said when something is wrong with one."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from rrq_core import plugins
from rrq_core.errors import PluginError, UnknownScheme
from rrq_core.model.ids import QueueId
from rrq_core.plugins import Plugins, hookimpl, load_plugins, open_backend, open_offload, plugin_manager
from rrq_core.ports import Backend

FOUND = QueueId("found")


def refuse(url: str, queue_id: QueueId) -> Backend:
    """A backend factory that tells that it was asked."""
    raise RuntimeError(f"{url} {queue_id}")


class Offering:
    """A plugin that offers a backend of the scheme `night`."""

    @hookimpl
    def rrq_register_backends(self, register: Callable[[str, object], None]) -> None:
        register("night", refuse)


class Misspelt:
    """A plugin with a hook that does not exist."""

    @hookimpl
    def rrq_register_backend(self, register: Callable[[str, object], None]) -> None:
        register("night", refuse)


def install(monkeypatch: pytest.MonkeyPatch, **offered: object) -> None:
    """Stand in for the entry points of installed distributions."""
    entries = [
        SimpleNamespace(name=name, value=name, load=lambda plugin=plugin: plugin) for name, plugin in offered.items()
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries)


def test_our_own_schemes_are_found_by_entry_point() -> None:
    found = load_plugins()
    for scheme in ("redis", "unix", "memory", "embedded"):
        found.backends.find(scheme, "test")


def test_a_plugin_of_a_third_party_offers_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, theirs=Offering())
    factory = load_plugins().backends.find("night", "test")
    with pytest.raises(RuntimeError, match="night://x found"):
        factory("night://x", FOUND)


def test_a_scheme_that_two_plugins_offer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, one=Offering(), other=Offering())
    with pytest.raises(PluginError, match=r"two plugins register .*'night'.*RRQ_PLUGINS"):
        load_plugins()


def test_a_hook_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, theirs=Misspelt())
    with pytest.raises(PluginError, match="rrq_register_backend"):
        load_plugins()


def test_a_plugin_that_does_not_import_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="broken", value="no_such_module_here", group="rrq")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry])
    with pytest.raises(PluginError, match=r"'broken' \(no_such_module_here\) does not load: ModuleNotFoundError"):
        load_plugins()


@pytest.mark.parametrize(
    ("environment", "is_there"),
    [
        ({}, True),
        ({"RRQ_PLUGIN_AUTOLOAD": "0"}, False),
        ({"RRQ_PLUGIN_AUTOLOAD": "0", "RRQ_PLUGINS": "a,theirs"}, True),
    ],
)
def test_the_environment_says_which_plugins_are_loaded(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], is_there: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    install(monkeypatch, theirs=Offering())
    found = load_plugins()
    if is_there:
        found.backends.find("night", "test")
    else:
        with pytest.raises(UnknownScheme):
            found.backends.find("night", "test")


def test_an_unknown_scheme_is_answered_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownScheme, match=r"'mysql', wanted by 'a test'; .* \(there are: embedded, memory, redis, unix\)"
    ):
        load_plugins().backends.find("mysql", "a test")


def test_an_unknown_scheme_is_told_with_the_url_that_wants_it() -> None:
    with pytest.raises(UnknownScheme, match="'mysql', wanted by 'mysql://x'"):
        open_backend("mysql://x", FOUND)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(UnknownScheme) as error:
        open_backend("mysql://me:secret@host", FOUND)
    assert "secret" not in str(error.value)


def test_a_url_without_a_scheme_is_told_apart() -> None:
    with pytest.raises(UnknownScheme, match="begins with a scheme"):
        open_backend("localhost", FOUND)


@pytest.mark.parametrize(("url", "command"), [("s3://bucket", r"rrq-core\[s3\]"), ("/data", r"rrq-core\[disk\]")])
def test_a_known_offload_that_is_not_installed_is_said_with_the_command(
    url: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "installed_plugins", lambda: Plugins(plugin_manager()))
    with pytest.raises(UnknownScheme, match=f"pip install '{command}'"):
        open_offload(url)


def test_a_manager_without_plugins_has_no_schemes() -> None:
    with pytest.raises(UnknownScheme, match="there are: none"):
        Plugins(plugin_manager()).backends.find("redis", "test")
