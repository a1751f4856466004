"""Named groups whose function was mended: it is said, and what failed runs again with the mended one."""

import pickle
import warnings
from typing import Any

import pytest

import rrq_core as rrq
from rrq_core.payload.signing import VARIABLE
from tests.unit.client.calls import double

GRACE = 10
SAID = "another version"
BROKEN = """
def simulate(n):
    if n == 3:
        rrq.checkpoint_save("half way")
        raise ValueError("3 is not ready")
    return n * n
"""
MENDED = "def simulate(n): return n * n * 10, rrq.checkpoint()"
LARGE = f"{MENDED}, {[*range(1000)]}[999]"


def made(source: str) -> Any:
    names: dict[str, Any] = {"__name__": "__main__", "rrq": rrq}
    exec(source, names)
    return names["simulate"]


@pytest.fixture
def broken(q: rrq.Controller, workers: rrq.WorkerManager) -> rrq.TaskGroup[Any]:
    group = q.map(made(BROKEN), [1, 2, 3], name="squares")
    assert not group.wait(GRACE)
    return group


def test_the_same_function_is_met_without_a_word(q: rrq.Controller, broken: rrq.TaskGroup[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        q.map(made(BROKEN), [1, 2, 3, 4], name="squares")
        q.map(double, [1], name="other")


def test_another_version_is_said_where_map_was_called(q: rrq.Controller, broken: rrq.TaskGroup[Any]) -> None:
    for caller in (q, q.options(retries=1)):
        with pytest.warns(UserWarning, match=r"'squares'.* 3 of the 3 tasks.*__main__\.simulate.*retry") as caught:
            again = caller.map(made(MENDED), [1, 2, 3, 4], name="squares")
        assert caught[0].filename == __file__
        assert list(again)[:3] == list(broken)
        again[3].wait(GRACE)
        again[3].delete()


@pytest.mark.parametrize("source", [MENDED, LARGE])
def test_what_failed_runs_again_with_the_mended_function(
    q: rrq.Controller, broken: rrq.TaskGroup[Any], source: str
) -> None:
    with pytest.warns(UserWarning, match=SAID):
        again = q.map(made(source), [1, 2, 3], name="squares")
    assert len(again[1:].retry()) == 1
    assert again.results(GRACE)[:2] == [1, 4]
    assert broken[2].result(GRACE)[:2] == (90, "half way")
    assert rrq.check().ok
    with pytest.warns(UserWarning, match="2 of the 3"):
        q.map(made(source), [1, 2, 3], name="squares")


def test_it_does_so_again_after_another_failure(q: rrq.Controller, broken: rrq.TaskGroup[Any]) -> None:
    broken.retry()
    assert not broken.wait(GRACE)
    with pytest.warns(UserWarning, match=SAID):
        again = q.map(made(MENDED), [1, 2, 3], name="squares")
    again.retry()
    assert again[2].result(GRACE) == (90, "half way")


def test_it_does_so_where_payloads_are_signed(
    q: rrq.Controller, workers: rrq.WorkerManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    q.map(made(BROKEN), [3], name="squares").wait(GRACE)
    with pytest.warns(UserWarning, match=SAID):
        again = q.map(made(MENDED), [3], name="squares")
    again.retry()
    assert again.results(GRACE) == [(90, "half way")]


def test_a_group_without_the_function_runs_what_was_submitted(q: rrq.Controller, broken: rrq.TaskGroup[Any]) -> None:
    with pytest.warns(UserWarning, match=SAID):
        again = q.map(made(MENDED), [1, 2, 3], name="squares")
    for group in (q.group("squares"), pickle.loads(pickle.dumps(again))):
        group.retry()
        assert not group.wait(GRACE)
