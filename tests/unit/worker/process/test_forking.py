"""When a zygote is not forked, and what is said then."""

import sys
import threading
from types import SimpleNamespace

import pytest

from rrq_core.worker.process.forking import reason_against_forking


@pytest.fixture(autouse=True)
def linux_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread()])


def test_nothing_speaks_against_it() -> None:
    assert reason_against_forking() is None


def test_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "darwin" in str(reason_against_forking())


def test_threads_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ticker = threading.Thread(name="ticker")
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.main_thread(), ticker])
    assert "ticker" in str(reason_against_forking())


@pytest.mark.parametrize(("initialised", "says"), [(True, "CUDA is initialised"), (False, "None")])
def test_cuda_that_is_in_use(monkeypatch: pytest.MonkeyPatch, initialised: bool, says: str) -> None:
    torch = SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: initialised))
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert str(reason_against_forking()) == says


@pytest.mark.parametrize("name", ["polars", "grpc"])
def test_libraries_with_threads_of_their_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    assert name in str(reason_against_forking())
