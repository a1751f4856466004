"""A handle among the arguments stands for a result, wherever it lies; elsewhere it stays a handle."""

import functools
import pickle
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
from attrs import frozen

from rrq_core.errors import InvalidArgument, NotSendable, PayloadRefused
from rrq_core.model.ids import Hash, QueueId, TaskId
from rrq_core.model.reference import TaskReference, TaskReferences
from rrq_core.model.value import Buffer
from rrq_core.payload import CallEncoder, Context, EncodedCall, PayloadKind, decode_call, decode_value, encode_value

TASK = Context(kind=PayloadKind.TASK, queue_id="q", names=("t" * 32,))
VALUE = Context(kind=PayloadKind.VALUE, queue_id="q")
A, B = TaskId("a" * 32), TaskId("b" * 32)


def handle(id: TaskId, queue_id: str = "q") -> TaskReference[object]:
    return TaskReference(id, QueueId(queue_id))


class Group(TaskReferences[TaskReference[object]]):
    def __init__(self, *ids: TaskId) -> None:
        self._tasks = tuple(map(handle, ids))

    def __len__(self) -> int:
        return len(self._tasks)

    def __getitem__(self, place: int) -> TaskReference[object]:  # type: ignore[override]  # nobody takes slices here
        return self._tasks[place]


@frozen
class Box:
    inside: object


def take(*args: object, **kwargs: object) -> object:
    return args, kwargs


def encode(*args: object, function: Callable[..., object] = take, **kwargs: object) -> EncodedCall:
    return CallEncoder(function, "q").encode(TaskId("t" * 32), args, kwargs)


def values_of(encoded: EncodedCall) -> Mapping[Hash, Buffer]:
    return {value.hash: value.data or b"" for value in encoded.values}


def arguments(encoded: EncodedCall, results: Mapping[TaskId, object]) -> tuple[object, ...]:
    return decode_call(encoded.body, TASK, values_of(encoded), results).args


def argument(given: object, results: Mapping[TaskId, object]) -> object:
    (found,) = arguments(encode(given), results)
    return found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (handle(A), 1),
        ([handle(A), 5, (handle(B),)], [1, 5, (2,)]),
        ({"x": {"y": handle(B)}}, {"x": {"y": 2}}),
        ({(handle(A), 0): 3}, {(1, 0): 3}),
        (Box(Box(handle(A))), Box(Box(1))),
        (Group(A, B, A), [1, 2, 1]),
        ([Group(B)], [[2]]),
        ((set(), handle(B)), (set(), 2)),
    ],
)
def test_a_handle_is_replaced_wherever_it_lies(given: object, found: object) -> None:
    assert argument(given, {A: 1, B: 2}) == found


def test_handles_are_replaced_among_arrays_lambdas_and_classes_by_value() -> None:
    encoded = encode(np.array([handle(A), None], dtype=object), lambda: handle(B), np.arange(3))
    array, function, numbers = arguments(encoded, {A: 1, B: 2})
    assert list(array) == [1, None]  # type: ignore[call-overload]  # it is an array
    assert function() == handle(B)  # type: ignore[operator]  # what a function makes when it runs is its own affair
    assert list(numbers) == [0, 1, 2]  # type: ignore[call-overload]  # it is an array


def test_a_handle_by_keyword_and_one_beside_large_arguments_are_replaced() -> None:
    encoded = encode("x" * 20_000, [handle(A), "y" * 20_000], last=handle(B))
    call = decode_call(encoded.body, TASK, values_of(encoded), {A: 1, B: 2})
    assert call.args == ("x" * 20_000, [1, "y" * 20_000])
    assert call.kwargs == {"last": 2}
    assert len(encoded.values) == 2


def test_a_shared_argument_with_a_handle_is_replaced_in_every_call() -> None:
    encoder = CallEncoder(take, "q")
    shared = encoder.share([handle(A), "x" * 20_000], "argument 'all' of take")
    calls = [encoder.encode(TaskId("t" * 32), (n, shared), {}) for n in range(2)]
    assert [arguments(call, {A: 7})[1] for call in calls] == [[7, "x" * 20_000]] * 2
    assert [call.takes_result_of for call in calls] == [(A,), (A,)]


def test_the_tasks_whose_results_are_taken_are_told_each_once() -> None:
    assert encode(handle(B), [handle(A), handle(B)], {"k": Group(A)}).takes_result_of == (B, A)
    assert encode(1, "two", [3]).takes_result_of == ()


def test_a_text_that_looks_like_a_handle_is_a_text() -> None:
    encoded = encode("rrq_core.model.reference", [A])
    assert encoded.takes_result_of == ()
    assert arguments(encoded, {}) == ("rrq_core.model.reference", [A])


def test_the_same_task_twice_is_the_same_object_and_two_tasks_never_are() -> None:
    first, again, other = arguments(encode(handle(A), handle(A), handle(B)), {A: [1], B: [1]})
    assert first is again
    assert first is not other


def test_a_handle_of_another_queue_is_refused_by_both_names() -> None:
    with pytest.raises(InvalidArgument, match=rf"{A} of the queue 'elsewhere'.*for the queue 'q'.*result\(\)"):
        encode([handle(A, "elsewhere")])


def test_a_handle_in_a_function_by_value_stays_a_handle() -> None:
    encoded = encode(function=functools.partial(take, handle(A)))
    function = decode_call(encoded.body, TASK, {}, {}).function
    assert encoded.takes_result_of == ()
    assert function() == ((handle(A),), {})


def test_a_handle_in_a_result_stays_a_handle() -> None:
    stored = encode_value([handle(A)], VALUE)
    assert decode_value(stored.data or b"", VALUE) == [handle(A)]


def test_a_result_that_was_not_brought_is_named() -> None:
    encoded = encode(handle(A), handle(B))
    for results in ({}, {A: 1}):
        with pytest.raises(PayloadRefused, match=rf"the result of task {B if results else A} .*not there"):
            arguments(encoded, results)


def test_what_cannot_be_sent_beside_a_handle_is_still_named() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(NotSendable, match="argument 2 of take cannot be sent: it holds a generator"):
        encode(handle(A), [handle(B), numbers()])


def test_handles_of_any_class_come_out_of_plain_pickles_as_they_were() -> None:
    assert type(pickle.loads(pickle.dumps(Own(A, QueueId("q"))))) is Own
    assert argument(Own(A, QueueId("q")), {A: 1}) == 1


class Own(TaskReference[object]):
    """Somebody's own handle."""
