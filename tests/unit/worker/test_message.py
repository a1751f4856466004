"""Messages to a worker and its answers."""

import os

import pytest

from tests.unit.worker.lab import Lab


def ask(lab: Lab, *frames: object) -> list[object]:
    loop = lab.loop()
    for frame in frames:
        lab.send(frame)
    loop.run()
    return lab.answers()


def test_ping_is_answered(lab: Lab):
    assert ask(lab, {"command": "PING", "args": None}) == [{"value": "PONG"}]


def test_a_message_leaves_two_lines_in_the_log(lab: Lab):
    ask(lab, {"command": "PING", "args": None})
    assert lab.log()[2:4] == ["MESSAGE PING", "RESPONSE PING"]


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
    info = answer["value"]
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
        ({"command": "DANCE"}, ["'DANCE'", "PING, INFO, STOP"]),
        ({"command": "PING", "args": [1]}, ["PING takes no arguments", "[1]"]),
        ({"command": "STOP", "args": 7}, ["STOP takes a text", "7"]),
        ({"args": 7}, ["no", "command"]),
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
