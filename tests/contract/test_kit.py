"""The kit itself: whole, and light for those who do not use it."""

import subprocess
import sys
from collections import Counter

from rrq_core.testing import BackendTests
from rrq_core.testing.case import ContractCase


def test_no_suite_hides_a_test_of_another() -> None:
    suites = [suite for suite in BackendTests.__mro__ if issubclass(suite, ContractCase)]
    names = Counter(name for suite in suites for name in vars(suite) if not name.startswith("__"))
    assert {name for name, count in names.items() if count > 1} <= set(vars(ContractCase))


def test_the_plugin_of_pytest_imports_no_suite() -> None:
    seen = "import sys, rrq_core.testing.plugin; print(*[name for name in sys.modules if name.startswith('rrq_core.')])"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) == {"rrq_core.testing", "rrq_core.testing.plugin"}


def test_nothing_but_the_kit_imports_pytest() -> None:
    users = "import sys, rrq_core.client, rrq_core.worker, rrq_core.plugins as p; p.installed_plugins();"
    seen = f"{users} print('pytest' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "False"
