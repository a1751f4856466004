"""Waiting for a condition, with a deadline."""

import pytest

from rrq_core.testing import wait_until


def test_the_first_true_answer_is_given() -> None:
    answers = iter([0, "", "ready", "too late"])
    assert wait_until(lambda: next(answers), "it is ready") == "ready"


def test_a_deadline_tells_what_was_waited_for_and_what_was_seen() -> None:
    with pytest.raises(AssertionError, match=r"after 0\.01 s it is still not so that it is ready.*last answer was 0"):
        wait_until(lambda: 0, "it is ready", timeout=0.01)
