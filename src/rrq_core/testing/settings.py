"""The contract of the port `Settings`."""

import pytest

from rrq_core.model.setting import (
    ENVIR,
    QUEUE_CONFIGURATION,
    Connected,
    SettingKind,
    SettingName,
    worker_config_name,
)
from rrq_core.ports import Backend
from rrq_core.testing.case import ContractCase

LOCALHOST = worker_config_name("localhost")
DEFAULTS = {QUEUE_CONFIGURATION: b'{"store": 1}', LOCALHOST: b'{"poll": 5}'}


class SettingsTests(ContractCase):
    """The laws of the port `Settings`."""

    def test_connecting_writes_the_schema_and_the_defaults(self, backend: Backend) -> None:
        connected = backend.settings.connect("1", b"somebody", DEFAULTS)
        assert connected == Connected(schema="1", configuration=b'{"store": 1}')
        assert backend.settings.get(LOCALHOST) == b'{"poll": 5}'

    def test_who_connects_later_finds_what_is_there(self, backend: Backend, second: Backend) -> None:
        backend.settings.put(LOCALHOST, b"{}")
        backend.settings.connect("1", b"first", DEFAULTS)
        later = second.settings.connect("2", b"second", {QUEUE_CONFIGURATION: b"{}", LOCALHOST: b'{"poll": 9}'})
        assert later == Connected(schema="1", configuration=b'{"store": 1}')
        assert backend.settings.get(LOCALHOST) == b"{}"

    def test_a_configuration_from_before_anybody_connected_counts(self, backend: Backend) -> None:
        assert backend.settings.put(QUEUE_CONFIGURATION, b'{"store": 2}', if_absent=True) is True
        assert backend.settings.connect("1", b"somebody", DEFAULTS).configuration == b'{"store": 2}'

    def test_opening_writes_nothing(self, backend: Backend, second: Backend) -> None:
        assert [name for kind in SettingKind for name in second.settings.names(kind)] == []

    @pytest.mark.parametrize("name", [ENVIR, QUEUE_CONFIGURATION, LOCALHOST, worker_config_name("a:b *")])
    def test_a_setting_is_what_was_put_last(self, backend: Backend, name: SettingName) -> None:
        assert backend.settings.get(name) is None
        for value in (b"one", bytes(range(256)), b""):
            assert backend.settings.put(name, value) is True
            assert backend.settings.get(name) == value

    @pytest.mark.parametrize("name", [ENVIR, QUEUE_CONFIGURATION, LOCALHOST])
    def test_what_is_there_is_kept_if_absence_is_asked_for(self, backend: Backend, name: SettingName) -> None:
        assert backend.settings.put(name, b"first", if_absent=True) is True
        assert backend.settings.put(name, b"second", if_absent=True) is False
        assert backend.settings.get(name) == b"first"

    @pytest.mark.parametrize("name", [ENVIR, QUEUE_CONFIGURATION, LOCALHOST])
    def test_a_setting_can_be_deleted(self, backend: Backend, name: SettingName) -> None:
        backend.settings.put(name, b"value")
        backend.settings.put(name, None)
        backend.settings.put(name, None)
        assert backend.settings.get(name) is None
        assert backend.settings.names(name.kind) == []

    def test_settings_are_listed_by_kind(self, backend: Backend) -> None:
        names = [worker_config_name(name) for name in ("localhost", "größe", "a:b")]
        for name in (*names, ENVIR):
            backend.settings.put(name, b"{}")
        assert set(backend.settings.names(SettingKind.WORKER_CONFIG)) == set(names)
        assert backend.settings.names(SettingKind.ENVIR) == [ENVIR]
        assert backend.settings.names(SettingKind.CONFIGURATION) == []
