"""Which errors are tried again, and after how long: what the worker says of it. How often, the store counts."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rrq_core.errors import NotSendable, ObjectMissing, PayloadRefused, RrqError
from rrq_core.model.ids import DEFAULT_QUEUE, QueueId, WorkerId, new_task_id
from rrq_core.model.status import TaskStatus
from rrq_core.model.work import Claim, Finished, Session, Work
from rrq_core.payload import (
    ANY_EXCEPTION,
    Backoff,
    CallEncoder,
    Context,
    PayloadKind,
    RunOptions,
    decode_failure,
    exponential,
)
from rrq_core.worker.run import not_begun, run_task

Kinds = tuple[type[BaseException], ...]
QUEUE = QueueId("lab")
SOON = Backoff(first=10.0, limit=10.0)


class Unready(OSError):
    """A kind of errors of somebody's own."""


def fail(error: BaseException) -> None:
    raise error


def lock() -> object:
    return threading.Lock()


def work_of(
    function: Callable[..., object],
    *args: object,
    retry_on: Kinds = ANY_EXCEPTION,
    retry_delay: Backoff | None = SOON,
    attempt: int = 1,
) -> Work:
    task = new_task_id()
    encoder = CallEncoder(function, QUEUE, run=RunOptions(retry_delay=retry_delay), retry_on=retry_on)
    call = encoder.encode(task, args, {})
    return Work(
        claim=Claim(session=Session(worker=WorkerId("w"), token="token"), task=task, attempt=attempt),
        root=task,
        body=call.body,
        queue=DEFAULT_QUEUE,
        separate_process=False,
        timeout=None,
        values={value.hash: bytes(value.data or b"") for value in call.values},
        results={},
        checkpoint=None,
    )


def run(work: Work) -> Finished:
    return run_task(work, QUEUE, lambda change: None)


def is_retried(finished: Finished) -> bool:
    assert finished.status is TaskStatus.ERROR
    return finished.retry_in is not None


@pytest.mark.parametrize(
    ("error", "retry_on", "expected"),
    [
        (ValueError("x"), ANY_EXCEPTION, True),
        (Unready("x"), (OSError,), True),
        (Unready("x"), (KeyError, Unready), True),
        (OSError("x"), (Unready,), False),
        (ValueError("x"), (OSError, KeyError), False),
        (SystemExit(3), ANY_EXCEPTION, False),
        (SystemExit(3), (SystemExit,), True),
        (KeyboardInterrupt(), (BaseException,), True),
        (ExceptionGroup("several", [OSError("x")]), (OSError,), False),
        (PayloadRefused("that of the task's own code"), (ValueError,), True),
    ],
)
def test_an_error_of_the_tasks_code_is_retried_if_it_is_of_a_kind_that_is_named(
    error: BaseException, retry_on: Kinds, expected: bool
) -> None:
    assert is_retried(run(work_of(fail, error, retry_on=retry_on))) is expected


def test_a_kind_that_is_sent_by_value_is_known_by_the_function_that_raises_it() -> None:
    local = type("Local", (Exception,), {"__module__": "__main__"})

    def raise_local() -> None:
        raise local

    assert is_retried(run(work_of(raise_local, retry_on=(local,))))
    assert not is_retried(run(work_of(fail, ValueError("x"), retry_on=(local,))))


def test_a_task_without_retries_is_not_retried_whatever_happens() -> None:
    assert not is_retried(run(work_of(fail, ValueError("x"), retry_delay=None)))


def test_a_value_is_no_reason_to_retry() -> None:
    finished = run(work_of(abs, -1))
    assert (finished.status, finished.retry_in) == (TaskStatus.COMPLETE, None)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 60), (50, 60), (100_000, 60)])
def test_delays_double_with_the_attempts_up_to_the_limit_a_fifth_more_and_never_less(
    attempt: int, seconds: float
) -> None:
    work = work_of(fail, ValueError("x"), retry_delay=exponential(10, 60), attempt=attempt)
    delays = [run(work).retry_in or 0.0 for _ in range(20)]
    assert all(seconds <= delay <= 1.2 * seconds for delay in delays)
    assert len(set(delays)) > 1


def test_without_delay_it_is_tried_again_at_once() -> None:
    assert run(work_of(fail, ValueError("x"), retry_delay=Backoff(first=0.0, limit=0.0))).retry_in == 0.0


@pytest.fixture
def missing_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """A function that the sender has, and the worker has not."""
    (tmp_path / "only_here_4c1e.py").write_text("def area(r):\n    return r * r\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here_4c1e  # type: ignore[import-not-found]  # it was made just now

    yield only_here_4c1e.area
    sys.modules.pop("only_here_4c1e", None)


OURS: list[tuple[Kinds, bool]] = [
    (ANY_EXCEPTION, False),
    ((BaseException,), False),
    ((ValueError, LookupError), False),
    ((PayloadRefused,), True),
    ((RrqError,), True),
    ((ModuleNotFoundError,), True),
    ((ImportError,), True),
]


@pytest.mark.parametrize(("retry_on", "expected"), OURS)
def test_a_missing_module_is_retried_only_where_it_is_named(
    missing_module: Callable[..., object], monkeypatch: pytest.MonkeyPatch, retry_on: Kinds, expected: bool
) -> None:
    work = work_of(missing_module, 2, retry_on=retry_on)
    monkeypatch.undo()
    del sys.modules["only_here_4c1e"]
    assert is_retried(run(work)) is expected


@pytest.mark.parametrize(
    ("retry_on", "expected"), [(ANY_EXCEPTION, False), ((LookupError,), False), ((ObjectMissing,), True)]
)
def test_a_value_that_is_gone_is_retried_only_where_it_is_named(retry_on: Kinds, expected: bool) -> None:
    finished = not_begun(work_of(abs, -1, retry_on=retry_on), QUEUE, ObjectMissing(["0" * 32]))
    assert is_retried(finished) is expected
    assert "ObjectMissing" in finished.note


@pytest.mark.parametrize(("retry_on", "expected"), [(ANY_EXCEPTION, False), ((NotSendable,), True)])
def test_a_result_that_cannot_be_sent_is_retried_only_where_it_is_named(retry_on: Kinds, expected: bool) -> None:
    assert is_retried(run(work_of(lock, retry_on=retry_on))) is expected


def test_a_kind_that_the_worker_does_not_have_is_told_beside_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_of(fail, ValueError("x"), retry_on=(Unready,))
    monkeypatch.delattr(sys.modules[__name__], "Unready")
    finished = run(work)
    assert not is_retried(finished)
    assert finished.note == "ValueError: x"
    result = finished.result
    assert result is not None
    assert not isinstance(result, str)
    failure = decode_failure(result.data or b"", Context(kind=PayloadKind.VALUE, queue_id=QUEUE))
    assert "whether to try again cannot be told" in failure.warnings[0]
    assert "Unready" in failure.warnings[0]
