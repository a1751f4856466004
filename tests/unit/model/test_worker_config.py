"""Worker configurations: their checks, and their way through their stored form."""

import math

import pytest

from rrq_core.errors import InvalidArgument
from rrq_core.model.config import WorkerConfig


def test_the_default_queue_comes_last_unless_it_is_placed() -> None:
    assert WorkerConfig().queue == ("default",)
    assert WorkerConfig(queue="urgent").queue == ("urgent", "default")
    assert WorkerConfig(queue=["default", "idle"]).queue == ("default", "idle")


def test_a_configuration_survives_being_stored() -> None:
    for config in (WorkerConfig(), WorkerConfig(queue=["名前"], verbose=False, poll_queue=0.5, timeout_idle=60), FULL):
        assert WorkerConfig.from_json(config.to_json()) == config


FULL = WorkerConfig(logdir="/logs/é", poll_process=0.5, timeout_process_die=0, process="fresh", log_max=10)


def test_a_configuration_that_was_stored_before_an_option_was_there_has_its_default() -> None:
    stored = b'{"queue": ["default"], "verbose": true, "poll_queue": 5.0, "timeout_idle": null}'
    assert WorkerConfig.from_json(stored) == WorkerConfig()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"poll_queue": 0}, "poll_queue is a number of seconds above 0, at most 1,000,000,000, not 0"),
        ({"poll_queue": "5"}, "poll_queue .* not '5'"),
        ({"poll_queue": math.nan}, "poll_queue .* not nan"),
        ({"poll_queue": math.inf}, "poll_queue .* not inf"),
        ({"timeout_idle": -1}, "timeout_idle .* not -1"),
        ({"timeout_idle": None}, "infinity .* for no limit, not None"),
        ({"logdir": ""}, "logdir is the path of a directory, or None, not ''"),
        ({"poll_process": 0}, "poll_process .* not 0"),
        ({"timeout_process_die": -1}, "timeout_process_die is a number of seconds, 0 or more, at most .*, not -1"),
        ({"timeout_process_die": math.inf}, "timeout_process_die .* not inf"),
        ({"heartbeat_period": 0}, "heartbeat_period .* or None for no heartbeat, not 0"),
        ({"heartbeat_period": 1e300}, "heartbeat_period .* not 1e\\+300"),
        ({"process": "spawn"}, "process is 'fork', 'fresh' or None, not 'spawn'"),
        ({"log_max": 0}, "log_max is a number of lines, 1 or more, not 0"),
        ({"log_max": 10.5}, "log_max .* not 10.5"),
        ({"verbose": "yes"}, "verbose is True or False, not 'yes'"),
        ({"queue": ["a", "a"]}, "named once; twice here: 'a'"),
        ({"queue": ["a\n"]}, "printable"),
        ({"queue": 5}, "the name of a queue, a list of names by priority, or None, not 5"),
        ({"queue": {"a", "b"}}, "by priority"),
    ],
)
def test_options_that_cannot_be_are_refused_with_their_value(options: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        WorkerConfig(**options)  # type: ignore[arg-type]  # that is the point
