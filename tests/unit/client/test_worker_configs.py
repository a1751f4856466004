"""Configurations of workers: what they may hold, and how they are kept."""

import math
import threading
from collections.abc import Callable

import pytest

import rrq_core as rrq


def test_saved_configurations_are_listed_and_read(q: rrq.Controller) -> None:
    config = rrq.worker_config(queue=["fast"], heartbeat_period=None, allow_eval=False, timeout_idle=9)
    rrq.worker_config_save("fast", config)
    assert rrq.worker_config_list() == ["fast", "localhost"]
    assert rrq.worker_config_read("fast") == config
    assert rrq.worker_config_read("localhost") == rrq.worker_config()


def test_one_that_is_there_is_replaced_only_if_that_is_wanted(q: rrq.Controller) -> None:
    first, second = rrq.worker_config(poll_queue=1), rrq.worker_config(poll_queue=2)
    assert rrq.worker_config_save("x", first, overwrite=False)
    assert not rrq.worker_config_save("x", second, overwrite=False)
    assert rrq.worker_config_read("x") == first
    assert rrq.worker_config_save("x", second)
    assert rrq.worker_config_read("x") == second


def test_one_that_is_not_there_is_an_error_that_names_those_that_are(q: rrq.Controller) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"'turbo'.*'localhost'"):
        rrq.worker_config_read("turbo")


def test_one_that_is_saved_while_it_is_waited_for_is_read(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rrq_core.worker.setup._TIME_POLL", 0.01)
    save = threading.Timer(0.05, rrq.worker_config_save, ("late", rrq.worker_config()), {"controller": q})
    save.start()
    assert rrq.worker_config_read("late", timeout=10) == rrq.worker_config()
    save.join()


def test_workers_have_a_heartbeat_and_evaluate_unless_they_are_told_otherwise() -> None:
    assert (rrq.worker_config().heartbeat_period, rrq.worker_config().allow_eval) == (20, True)


@pytest.mark.parametrize("period", [0, -1, math.inf, math.nan, True, "20"])
def test_a_heartbeat_has_a_period_above_0(period: float) -> None:
    with pytest.raises(rrq.InvalidArgument, match=r"heartbeat_period is a number of seconds above 0.*None"):
        rrq.worker_config(heartbeat_period=period)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rrq.worker_config(allow_eval=1), "allow_eval is True or False, not 1"),  # type: ignore[arg-type]
        (lambda: rrq.worker_config(queue=5), "queue is the name of a queue, a list .* not 5"),  # type: ignore[arg-type]
        (lambda: rrq.worker_config_save("a", rrq.worker_config(), "no"), "overwrite is True or False, not 'no'"),  # type: ignore[arg-type]
        (lambda: rrq.worker_config_read("localhost", timeout=-1), "timeout"),
        (lambda: rrq.worker_config_read(""), "name of a worker configuration"),
    ],
)
def test_what_cannot_be_is_refused(q: rrq.Controller, call: Callable[[], object], message: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match=message):
        call()
