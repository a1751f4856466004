"""Messages to workers."""

import math
from collections.abc import Callable
from fractions import Fraction

import pytest

import rrq_core as rrq
from rrq_core.client import messages
from rrq_core.client.workers import ACTIVE
from rrq_core.model.worker import WorkerInfo
from rrq_core.testing.waiting import wait_until
from tests.unit.client.calls import double

GRACE = 10


def test_workers_answer(workers: rrq.WorkerManager) -> None:
    assert rrq.message_send_and_wait("PING", timeout=GRACE) == {"w_1": "PONG", "w_2": "PONG"}
    assert rrq.message_send_and_wait("PING", worker_ids="w_2", named=False, timeout=GRACE) == ["PONG"]
    (info,) = rrq.message_send_and_wait("INFO", worker_ids=["w_1"], timeout=GRACE).values()
    assert isinstance(info, WorkerInfo)
    assert info == rrq.worker_info("w_1")["w_1"]


def test_any_value_comes_back_from_each_worker(workers: rrq.WorkerManager) -> None:
    values = rrq.message_send_and_wait("EVAL", "import fractions\nfractions.Fraction(1, 3)", timeout=GRACE)
    assert values == dict.fromkeys(workers.id, Fraction(1, 3))


def test_what_fails_comes_back_as_an_error_and_the_others_have_answered(workers: rrq.WorkerManager) -> None:
    rrq.message_send_and_wait("EVAL", "limit = 3", "w_2", timeout=GRACE)
    failed, value = rrq.message_send_and_wait("EVAL", "limit", named=False, timeout=GRACE)
    assert isinstance(failed, rrq.MessageError)
    assert "NameError: name 'limit' is not defined" in str(failed)
    assert value == 3


def test_an_info_that_was_evaluated_is_no_record(workers: rrq.WorkerManager) -> None:
    record = {"info": {"queues": []}}
    assert rrq.message_send_and_wait("EVAL", repr(record), "w_1", timeout=GRACE) == {"w_1": record}


def test_a_paused_worker_is_paused_once_it_has_answered(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    assert rrq.message_send_and_wait("PAUSE", timeout=GRACE) == dict.fromkeys(workers.id, "OK")
    assert rrq.worker_status() == dict.fromkeys(workers.id, "PAUSED")
    task = q.submit(double, 1)
    assert rrq.message_send_and_wait("PING", timeout=GRACE) == dict.fromkeys(workers.id, "PONG")
    assert task.status() == "PENDING"
    assert rrq.message_send_and_wait("RESUME", worker_ids="w_1", timeout=GRACE) == {"w_1": "OK"}
    assert task.result(GRACE) == 2
    assert rrq.worker_status("w_2") == {"w_2": "PAUSED"}


def test_how_long_workers_may_be_idle_is_set_and_told(workers: rrq.WorkerManager) -> None:
    no_limit = {"timeout_idle": math.inf, "remaining": math.inf}
    assert rrq.message_send_and_wait("TIMEOUT_GET", worker_ids="w_1", timeout=GRACE) == {"w_1": no_limit}
    assert rrq.message_send_and_wait("TIMEOUT_SET", 60, timeout=GRACE) == dict.fromkeys(workers.id, "OK")
    (limit,) = rrq.message_send_and_wait("TIMEOUT_GET", worker_ids="w_1", named=False, timeout=GRACE)
    assert isinstance(limit, dict)
    assert limit["timeout_idle"] == 60
    assert 0 < limit["remaining"] <= 60
    for limit in (math.inf, None):
        rrq.message_send_and_wait("TIMEOUT_SET", limit, timeout=GRACE)
        assert rrq.message_send_and_wait("TIMEOUT_GET", worker_ids="w_1", timeout=GRACE) == {"w_1": no_limit}


def test_a_worker_without_a_task_for_too_long_leaves(workers: rrq.WorkerManager) -> None:
    rrq.message_send_and_wait("TIMEOUT_SET", 0, "w_1", timeout=GRACE)
    wait_until(lambda: rrq.worker_list() == ["w_2"], "w_1 has left")


def test_answers_stay_until_they_are_deleted(workers: rrq.WorkerManager) -> None:
    first = rrq.message_send("PING")
    second = rrq.message_send("PING", worker_ids=["w_1"])
    assert rrq.message_get_response(second, "w_1", timeout=GRACE) == {"w_1": "PONG"}
    assert rrq.message_get_response(first, timeout=GRACE, named=False) == ["PONG", "PONG"]
    assert rrq.message_response_ids("w_1") == [first, second]
    assert rrq.message_has_response(second) == {"w_1": True, "w_2": False}
    assert rrq.message_has_response(first, ["w_2"], named=False) == [True]
    rrq.message_get_response(first, delete=True)
    assert rrq.message_response_ids("w_1") == [second]
    rrq.message_send_and_wait("PING", timeout=GRACE)
    assert rrq.message_response_ids("w_1") == [second]


def test_a_worker_that_was_stopped_has_answered(q: rrq.Controller) -> None:
    with rrq.worker_spawn(2, worker_id_base="w"):
        assert rrq.message_send_and_wait("STOP", "enough", ["w_1"], timeout=GRACE) == {"w_1": "BYE"}
        wait_until(lambda: rrq.worker_list() == ["w_2"], "w_1 has left")
        stop = rrq.message_send("STOP", "enough")
        assert rrq.message_get_response(stop, timeout=GRACE) == {"w_2": "BYE"}
    assert rrq.message_get_response(stop) == {"w_2": "BYE"}


def test_a_worker_that_left_without_an_answer_is_not_waited_for(q: rrq.Controller) -> None:
    with rrq.worker_spawn(1, worker_id_base="w"):
        rrq.worker_stop(timeout=GRACE)
    (answer,) = rrq.message_get_response("1.000000", "w_1", named=False, timeout=GRACE)
    assert isinstance(answer, rrq.MessageError)
    assert "left before it saw message 1.000000" in str(answer)


def test_a_message_to_all_goes_to_those_who_are_still_there(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = q.backend.workers.read(None, ACTIVE)
    rrq.worker_stop("w_1", timeout=GRACE)
    monkeypatch.setattr(messages, "worker_records", lambda *arguments: everybody)  # a look from before w_1 left
    assert rrq.message_send_and_wait("PING", timeout=GRACE) == {"w_2": "PONG"}


def test_who_stands_as_active_and_can_be_sent_nothing_is_named(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = q.backend.workers.read(None, ACTIVE)
    workers.stop(timeout=GRACE)
    monkeypatch.setattr(messages, "worker_records", lambda *arguments: everybody)
    monkeypatch.setattr(q.backend.workers, "read", lambda *arguments: everybody)
    with pytest.raises(rrq.WorkerNotFound, match="'w_1'"):
        rrq.message_send("PING")


def test_an_answer_that_is_missing_is_named(workers: rrq.WorkerManager) -> None:
    message = rrq.message_send("PING", worker_ids="w_1")
    with pytest.raises(rrq.WorkerTimeout, match="w_2"):
        rrq.message_get_response(message, ["w_1", "w_2"], timeout=0.05)
    with pytest.raises(rrq.WorkerTimeout, match="w_2"):
        rrq.message_get_response(message, "w_2", delete=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: rrq.message_send("DANCE"),
            "'DANCE'.*PING, ECHO, EVAL, STOP, INFO, PAUSE, RESUME, REFRESH, TIMEOUT_SET, TIMEOUT_GET",
        ),
        (lambda: rrq.message_send("ping"), "'ping'.*PING"),
        (lambda: rrq.message_send("PING", "now"), "PING takes no arguments"),
        (lambda: rrq.message_send("STOP", 3), "STOP takes a text"),
        (lambda: rrq.message_send("ECHO"), "ECHO takes a text"),
        (lambda: rrq.message_send("EVAL", ["1"]), "EVAL takes a text"),
        (lambda: rrq.message_send("EVAL", "1 +"), "EVAL takes Python source text.*'1 \\+'"),
        (lambda: rrq.message_send("EVAL", "return 1"), "'return' outside function"),
        (lambda: rrq.message_send("PAUSE", 3), "PAUSE takes no arguments"),
        (lambda: rrq.message_send("TIMEOUT_SET", -1), "0 or more, or None for no limit, not -1"),
        (lambda: rrq.message_send("TIMEOUT_SET", math.nan), "not nan"),
        (lambda: rrq.message_send("TIMEOUT_SET", "60"), "not '60'"),
        (lambda: rrq.message_send("PING", worker_ids=[]), "no worker was named"),
        (lambda: rrq.message_send("PING", worker_ids=["w_1", "ghost"]), "ghost"),
        (lambda: rrq.message_send_and_wait("PING", timeout=-1), "timeout"),
        (lambda: rrq.message_get_response("1.000000", "ghost"), "ghost"),
        (lambda: rrq.message_get_response("PING"), r"what message_send\(\) returns, such as .*, not 'PING'"),
        (lambda: rrq.message_has_response(1.5), "message_id is what .* not 1.5"),  # type: ignore[arg-type]
        (lambda: rrq.message_response_ids(["w_1"]), "a worker id is a string, not list"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is_sent(
    workers: rrq.WorkerManager, call: Callable[[], object], message: str
) -> None:
    with pytest.raises((ValueError, LookupError), match=message):
        call()
    assert rrq.message_send_and_wait("PING", worker_ids=["w_1"], delete=False, timeout=GRACE)
    assert len(rrq.message_response_ids("w_1")) == 1


def test_a_message_to_nobody_is_refused(q: rrq.Controller) -> None:
    with pytest.raises(rrq.WorkerNotFound, match="nobody"):
        rrq.message_send("PING")
    with pytest.raises(rrq.WorkerNotFound, match="nobody"):
        rrq.message_send_and_wait("STOP")
