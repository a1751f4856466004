"""Which URL schemes this package serves, and what it costs to know that."""

import subprocess
import sys

import pytest

from rrq_core.errors import BackendError
from rrq_core.model.ids import QueueId
from rrq_core.plugins import installed_plugins

LAB = QueueId("lab")


@pytest.mark.parametrize("scheme", ["redis", "unix", "memory", "embedded"])
def test_the_schemes_are_registered(scheme: str) -> None:
    assert callable(installed_plugins().backends.find(scheme, scheme))


def test_knowing_the_schemes_imports_no_store() -> None:
    program = "import sys, rrq_backends.plugin; print({'redis', 'fakeredis', 'lupa', 'psutil'} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "set()"


def test_on_windows_embedded_offers_what_works_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(BackendError, match=r"Windows.*memory://NAME.*WSL.*redis://"):
        installed_plugins().backends.find("embedded", "embedded://")("embedded:///data", LAB)
