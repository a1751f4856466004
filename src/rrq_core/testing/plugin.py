"""The pytest plugin: marks of the contract suites, and asserts that explain themselves. Loaded always, it imports little."""

import pytest

_SUITES = ("backend", "case", "hand", "heartbeat", "looking", "messages", "object_store", "offload", "queue", "settings")

pytest.register_assert_rewrite(*(f"rrq_core.testing.{name}" for name in (*_SUITES, "workers")))


def pytest_configure(config: pytest.Config) -> None:
    """Make our marks known."""
    config.addinivalue_line(
        "markers",
        "rrq_needs(attribute, reason): a contract test for backends that have this attribute (shared, durable); "
        "others skip it, and say why",
    )
