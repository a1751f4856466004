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
    for config in (WorkerConfig(), WorkerConfig(queue=["名前"], verbose=False, poll_queue=0.5, timeout_idle=60)):
        assert WorkerConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"poll_queue": 0}, "poll_queue is a number of seconds above 0, not 0"),
        ({"poll_queue": "5"}, "poll_queue .* not '5'"),
        ({"poll_queue": math.nan}, "poll_queue .* not nan"),
        ({"timeout_idle": -1}, "timeout_idle .* not -1"),
        ({"verbose": "yes"}, "verbose is True or False, not 'yes'"),
        ({"queue": ["a", "a"]}, "named once; twice here: 'a'"),
        ({"queue": ["a\n"]}, "printable"),
    ],
)
def test_options_that_cannot_be_are_refused_with_their_value(options: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        WorkerConfig(**options)  # type: ignore[arg-type]  # that is the point
