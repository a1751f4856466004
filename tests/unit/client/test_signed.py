"""Queues whose payloads are signed."""

import pytest

import rrq_core as rrq
from rrq_core.client.commands import Order
from rrq_core.model.ids import WorkerId
from rrq_core.model.task import TaskField
from rrq_core.payload.signing import VARIABLE

GRACE = 10
RAN: list[object] = []


def note(value: object) -> object:
    RAN.append(value)
    return value


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    RAN.clear()
    monkeypatch.setenv(VARIABLE, "k" * 32)


def test_tasks_run_with_a_key(q: rrq.Controller, workers: rrq.WorkerManager) -> None:
    large = list(range(20_000))
    assert q.submit(note, large).result(GRACE) == large
    assert q.map(lambda n: n + 1, [1, 2]).results(GRACE) == [2, 3]
    assert q.options(separate_process=True).submit(abs, -1).result(GRACE) == 1
    first = q.submit(note, 3)
    assert q.submit(note, first).result(GRACE) == 3
    with pytest.raises(ZeroDivisionError):
        q.submit(divmod, 1, 0).result(GRACE)
    assert rrq.message_send_and_wait("PING", timeout=GRACE, named=False) == ["PONG", "PONG"]
    assert rrq.task_data(first).args == (3,)


def test_a_task_that_nobody_signed_is_not_run(q: rrq.Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delenv(VARIABLE)
        forged = q.submit(note, "forged")
    with rrq.worker_spawn(1):
        with pytest.raises(rrq.PayloadRefused, match="it is not signed"):
            forged.result(GRACE)
        assert q.submit(note, "mine").result(GRACE) == "mine"
    assert RAN == ["mine"]


def test_the_body_of_one_task_is_not_run_as_another(q: rrq.Controller) -> None:
    one, other = q.submit(note, "one"), q.submit(note, "other")
    body = q.backend.queue.read([one.id], frozenset({TaskField.BODY}), follow=False)[0]
    assert body is not None
    swap(q, other.id, body.body or b"")
    with rrq.worker_spawn(1), pytest.raises(rrq.PayloadRefused, match="its signature does not hold"):
        other.result(GRACE)
    assert RAN == ["one"]


def swap(q: rrq.Controller, task: str, body: bytes) -> None:
    """Do what somebody does who can write to the store and has no key."""
    q.backend.queue._connections.call("HSET", f"{q.queue_id}:task:expr", task, body)  # type: ignore[attr-defined]


def test_a_message_to_one_worker_is_not_followed_by_another_nor_twice(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    frame = Order.checked(q.queue_id, "ECHO", "once").frame({WorkerId("w_1"): rrq.worker_info("w_1")["w_1"].instance})
    answers = []
    for worker in (WorkerId("w_1"), WorkerId("w_1"), WorkerId("w_2")):
        message = q.backend.messages.send(frame, [worker])
        answers.append(str(rrq.message_get_response(message, worker, timeout=GRACE)[worker]))
    first, again, elsewhere = answers
    assert first == "OK"
    assert "a message that was seen to before" in again
    assert "a message that was not sent to 'w_2', but to ['w_1']" in elsewhere


def test_a_message_to_a_worker_is_not_followed_by_the_next_of_its_id(q: rrq.Controller) -> None:
    order = Order.checked(q.queue_id, "ECHO", "once")
    with rrq.worker_spawn(1, worker_id_base="w"):
        frame = order.frame({WorkerId("w_1"): rrq.worker_info("w_1")["w_1"].instance})
    with rrq.worker_spawn(1, worker_id_base="w"):
        message = q.backend.messages.send(frame, [WorkerId("w_1")])
        answer = rrq.message_get_response(message, "w_1", timeout=GRACE)["w_1"]
        assert "a message that was sent to an earlier worker of the id 'w_1'" in str(answer)
        assert rrq.message_send_and_wait("PING", None, "w_1", timeout=GRACE) == {"w_1": "PONG"}


def test_the_answer_of_one_worker_is_not_taken_for_that_of_another(
    q: rrq.Controller, workers: rrq.WorkerManager
) -> None:
    message = rrq.message_send("INFO")
    rrq.message_get_response(message, timeout=GRACE)
    connections = q.backend.messages._connections  # type: ignore[attr-defined]  # as somebody does who can write there
    (theirs,) = connections.call("HVALS", f"{q.queue_id}:worker:w_1:response")
    connections.call("HSET", f"{q.queue_id}:worker:w_2:response", message, theirs)
    answer = rrq.message_get_response(message, "w_2")["w_2"]
    assert isinstance(answer, rrq.MessageError)
    assert "its signature does not hold" in str(answer)


def test_connecting_with_a_key_that_is_too_short_is_an_error_at_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(rrq.InvalidArgument, match="RRQ_SECRET_KEY has 5 characters"):
        rrq.connect("lab", url)
