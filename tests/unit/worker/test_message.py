"""Messages to a worker and its answers."""

import math
import os

import pytest

from rrq_core.errors import BackendError, BackendUnavailable, MessageError
from rrq_core.model.ids import WorkerId
from rrq_core.model.status import WorkerStatus
from tests.unit.worker.lab import Lab


def ask(lab: Lab, *frames: object, **config: object) -> list[object]:
    loop = lab.loop(**config)
    for frame in frames:
        lab.send(frame)
    loop.run()
    return lab.answers()


def evaluate(lab: Lab, *texts: str, **config: object) -> list[object]:
    """Ask for values, which are objects, and give them as a client reads them."""
    loop = lab.loop(**config)
    for text in texts:
        lab.send({"command": "EVAL", "args": text})
    loop.run()
    return lab.values()


def status(lab: Lab) -> WorkerStatus:
    (record,) = lab.backend.workers.read([WorkerId("w")], frozenset(WorkerStatus))
    return record.status


def test_ping_is_answered(lab: Lab):
    assert ask(lab, {"command": "PING", "args": None}) == [{"value": "PONG"}]


def test_a_message_leaves_two_lines_in_the_log(lab: Lab):
    ask(lab, {"command": "PING", "args": None})
    assert lab.log()[3:5] == ["MESSAGE PING", "RESPONSE PING"]


@pytest.mark.parametrize(
    ("args", "reason"), [(None, "BYE"), ("it is late", "it is late"), ("two\n lines \udce9", "two lines ?")]
)
def test_stop_is_answered_and_ends_the_worker(lab: Lab, args, reason):
    task = lab.submit(abs, -1)
    assert ask(lab, {"command": "STOP", "args": args}) == [{"value": "BYE"}]
    assert lab.log()[-1] == f"STOP OK ({reason})"
    assert lab.status(task) == "PENDING"


def test_info_tells_where_and_with_what_the_worker_runs(lab: Lab):
    (answer,) = ask(lab, {"command": "INFO", "args": None})
    info = answer["info"]
    assert info["pid"] == os.getpid()
    assert info["cwd"] == os.getcwd()
    assert info["queues"] == ["default"]
    assert info["libraries"]["cloudpickle"]


def test_messages_come_before_tasks_and_in_their_order(lab: Lab):
    task = lab.submit(abs, -1)
    ask(lab, {"command": "PING", "args": None}, {"command": "INFO", "args": None})
    assert [line for line in lab.log() if "RESPONSE" in line or "TASK" in line] == [
        "RESPONSE PING",
        "RESPONSE INFO",
        f"TASK_START {task}",
        f"TASK_COMPLETE {task}",
    ]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"command": "DANCE"}, ["'DANCE'", "PING, ECHO, EVAL, STOP"]),
        ({"command": "PING", "args": [1]}, ["PING takes no arguments", "[1]"]),
        ({"command": "STOP", "args": 7}, ["STOP takes a text", "7"]),
        ({"command": "ECHO"}, ["ECHO takes a text", "None"]),
        ({"command": "EVAL", "args": ["1"]}, ["EVAL takes a text", "['1']"]),
        ({"command": "TIMEOUT_SET", "args": -1}, ["0 or more", "-1"]),
        ({"command": "TIMEOUT_SET", "args": True}, ["0 or more", "True"]),
        ({"args": 7}, ["has none", "command"]),
        ({"command": "two\nlines"}, ["printable"]),
        ("PING", ["command", "PING"]),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(lab: Lab, frame, says):
    (answer,) = ask(lab, frame)
    assert [part in answer["error"] for part in says] == [True] * len(says)


def test_bytes_that_are_no_message_are_answered_and_forgotten(lab: Lab):
    loop = lab.loop()
    lab.backend.messages.send(b"\x00 no envelope", ["w"])
    lab.send({"command": "PING"})
    loop.run()
    refused, pong = lab.answers()
    assert "cannot be read" in refused["error"]
    assert pong == {"value": "PONG"}


def test_an_echo_stands_in_the_log_and_is_printed(lab: Lab):
    assert ask(lab, {"command": "ECHO", "args": "good\nmorning \udce9"}) == [{"value": "OK"}]
    assert "ECHO good morning ?" in lab.log()
    assert [line for line in lab.printed if line.endswith("ECHO good morning ?")]


def test_eval_gives_the_value_of_the_last_line_whatever_it_is(lab: Lab):
    values = evaluate(lab, "6 * 7", "x = [1]\nx * 2", "x", "{1, 2}", "b'raw'", "y = 1")
    assert values == [42, [1, 1], [1], {1, 2}, b"raw", None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 / 0", ["ZeroDivisionError: division by zero", '"<EVAL>", line 1']),
        ("raise SystemExit(3)", ["SystemExit: 3"]),
        ("nobody", ["NameError", "'nobody'"]),
        ("(", ["SyntaxError"]),
        ("import threading\nthreading.Lock()", ["the value of the expression", "lock"]),
    ],
)
def test_what_cannot_be_evaluated_or_sent_is_answered_with_the_error(lab: Lab, text, says):
    (error,) = evaluate(lab, text)
    assert isinstance(error, MessageError)
    assert [part in str(error) for part in says] == [True] * len(says)


def test_where_the_configuration_forbids_it_nothing_is_evaluated(lab: Lab):
    (answer,) = ask(lab, {"command": "EVAL", "args": "raise SystemExit"}, allow_eval=False)
    assert "allow_eval=False" in answer["error"]


def test_a_paused_worker_takes_no_task_and_sees_to_messages(lab: Lab):
    task = lab.submit(abs, -1)
    assert ask(lab, {"command": "PAUSE"}, {"command": "PING"}) == [{"value": "OK"}, {"value": "PONG"}]
    assert lab.status(task) == "PENDING"
    assert lab.log()[-1] == "STOP OK (TIMEOUT)"


def test_who_has_the_answer_finds_the_worker_paused_or_idle(lab: Lab):
    loop, found = lab.loop(timeout_idle=1000), []
    for command in ("PAUSE", "RESUME"):
        lab.send({"command": command})
        loop.step(immediate=True)
        found.append(status(lab))
    assert found == [WorkerStatus.PAUSED, WorkerStatus.IDLE]


def test_a_paused_worker_stays_paused_when_it_looks_again(lab: Lab):
    loop = lab.loop(timeout_idle=1000)
    lab.send({"command": "PAUSE"})
    while loop.step(immediate=True):
        pass
    assert status(lab) == WorkerStatus.PAUSED


def test_a_worker_that_was_resumed_takes_tasks_again(lab: Lab):
    task = lab.submit(abs, -1)
    ask(lab, {"command": "PAUSE"}, {"command": "RESUME"})
    assert lab.value(task) == 1


def test_a_paused_worker_sleeps_on_messages_alone(lab: Lab):
    slept = []

    def wait(session, queues, timeout):
        slept.append(queues)
        loop.request_stop("enough")

    loop = lab.altered(workers={"wait": wait}).loop(timeout_idle=1000)
    lab.send({"command": "PAUSE"})
    loop.run()
    assert slept == [()]


def test_stop_ends_a_paused_worker(lab: Lab):
    ask(lab, {"command": "PAUSE"}, {"command": "STOP"}, timeout_idle=1000)
    assert status(lab) == WorkerStatus.EXITED


def test_another_time_limit_counts_from_when_it_is_set(lab: Lab):
    answers = ask(lab, {"command": "TIMEOUT_SET", "args": 0.01}, {"command": "TIMEOUT_GET"}, timeout_idle=1000)
    assert answers[0] == {"value": "OK"}
    assert answers[1]["limit"]["timeout_idle"] == 0.01
    assert lab.log()[-1] == "STOP OK (TIMEOUT)"


def test_no_limit_is_infinity(lab: Lab):
    ask(lab, {"command": "TIMEOUT_SET", "args": None}, {"command": "TIMEOUT_GET"}, {"command": "STOP"})
    (limit,) = [each for each in lab.values() if isinstance(each, dict)]
    assert limit == {"timeout_idle": math.inf, "remaining": math.inf}


def test_refresh_makes_the_environment_anew(lab: Lab):
    assert ask(lab, {"command": "REFRESH"}) == [{"value": "OK"}]
    assert lab.log().count("ENVIR new") == 2


def test_a_message_is_answered_though_the_store_was_away(lab: Lab, monkeypatch):
    monkeypatch.setattr("rrq_core.worker.outage._SHORTEST_PAUSE", 0.0)
    lost = [BackendUnavailable("cut before it came"), BackendUnavailable("cut after it came")]

    def answer(*arguments):
        if len(lost) == 1:
            lab.backend.messages.answer(*arguments)
        if lost:
            raise lost.pop()
        return lab.backend.messages.answer(*arguments)

    assert ask(lab.altered(messages={"answer": answer}), {"command": "ECHO", "args": "once"}) == [{"value": "OK"}]
    assert lab.log().count("ECHO once") == 1


def test_a_message_that_is_handed_out_again_is_answered_again_and_not_done_again(lab: Lab):
    handed_out = []

    def step(*arguments):
        answer = lab.backend.queue.step(*arguments)
        handed_out.append(answer)
        return handed_out[0] if len(handed_out) == 2 else answer

    assert ask(lab.altered(queue={"step": step}), {"command": "ECHO", "args": "once"}) == [{"value": "OK"}]
    assert lab.log().count("ECHO once") == 1


def test_an_answer_that_the_store_refuses_is_answered_with_the_reason(lab: Lab):
    def answer(session, message, body, *others):
        if len(body) > 10_000:
            raise BackendError("too large")
        return lab.backend.messages.answer(session, message, body, *others)

    (error,) = evaluate(lab.altered(messages={"answer": answer}), "bytes(20_000)")
    assert "too large" in str(error)
