"""A request to stop cuts sleeps short; these hang until the test's time-out where it does not."""

import signal
import time

import pytest

from rrq_core.worker.stop import StopRequest

FOREVER = 1000


@pytest.fixture
def stop(monkeypatch) -> StopRequest:
    """A request that SIGUSR1 makes."""
    request = StopRequest()
    before = signal.signal(signal.SIGUSR1, lambda number, frame: request.ask("signal"))
    yield request
    signal.signal(signal.SIGUSR1, before)


def interrupted_sleep():
    signal.raise_signal(signal.SIGUSR1)
    time.sleep(FOREVER)


def test_a_signal_ends_a_sleep(stop):
    stop.sleep(interrupted_sleep)
    assert stop.reason == "signal"


def test_a_signal_ends_a_pause(stop, monkeypatch):
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (signal.raise_signal(signal.SIGUSR1), sleep(seconds)))
    stop.pause(FOREVER)
    assert stop.reason == "signal"


def test_a_signal_before_a_sleep_leaves_nothing_to_sleep_for(stop):
    signal.raise_signal(signal.SIGUSR1)
    stop.sleep(lambda: pytest.fail("it sleeps"))


def test_a_pause_is_kept_after_the_request(stop, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    stop.ask("before")
    stop.pause(FOREVER)
    assert slept == [FOREVER]


def test_a_signal_outside_of_sleeps_interrupts_nothing(stop):
    stop.sleep(lambda: None)
    signal.raise_signal(signal.SIGUSR1)
    assert stop.reason == "signal"


def test_the_first_reason_counts(stop):
    stop.ask("first")
    stop.ask("second")
    assert stop.reason == "first"


def test_errors_of_what_sleeps_come_through(stop):
    with pytest.raises(ConnectionError):
        stop.sleep(lambda: exec("raise ConnectionError"))
