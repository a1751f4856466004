"""Which controller is meant by a call that names none."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

import rrq_core as rrq
from rrq_core.client.defaults import find_default

V = TypeVar("V")


@pytest.fixture
def pair(url: str) -> Iterator[tuple[rrq.Controller, rrq.Controller]]:
    one, two = rrq.connect("one", url), rrq.connect("two", url)
    yield one, two
    rrq.default_controller_clear()
    one.close()
    two.close()


def in_thread(call: Callable[[], V]) -> V:
    answers: list[V] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    thread.join()
    return answers[0]


def test_without_one_the_error_says_how_to_set_one() -> None:
    with pytest.raises(rrq.NoDefaultController, match="default_controller_set"):
        rrq.task_list()


def test_what_is_no_controller_is_refused(url: str) -> None:
    with pytest.raises(rrq.InvalidArgument, match="connect"):
        rrq.task_list(controller=url)  # type: ignore[arg-type]  # it is wrong on purpose
    with pytest.raises(rrq.InvalidArgument, match="connect"):
        rrq.default_controller_set("lab")  # type: ignore[arg-type]


def test_setting_one_holds_in_all_threads_and_gives_back_the_one_before(
    pair: tuple[rrq.Controller, rrq.Controller],
) -> None:
    one, two = pair
    assert rrq.default_controller_set(one) is None
    assert in_thread(find_default) is one
    assert rrq.default_controller_set(two) is one
    assert rrq.default_controller_clear() is two
    assert find_default() is None


def test_the_innermost_block_comes_first(pair: tuple[rrq.Controller, rrq.Controller]) -> None:
    one, two = pair
    rrq.default_controller_set(one)
    with two:
        assert find_default() is two
        assert in_thread(find_default) is one
        with rrq.connect("three", two.url) as three:
            assert find_default() is three
        assert find_default() is two
    assert find_default() is one


def test_a_block_is_the_default_of_threads_that_start_in_it_if_there_is_no_other(
    pair: tuple[rrq.Controller, rrq.Controller],
) -> None:
    one, _ = pair
    with one:
        assert in_thread(find_default) is one
    assert in_thread(find_default) is None


def test_what_is_set_inside_a_block_outlives_it(pair: tuple[rrq.Controller, rrq.Controller]) -> None:
    one, two = pair
    with one:
        rrq.default_controller_set(two)
        assert find_default() is one
    assert find_default() is two


def test_async_tasks_have_blocks_of_their_own(pair: tuple[rrq.Controller, rrq.Controller]) -> None:
    async def inside(controller: rrq.Controller, entered: asyncio.Barrier) -> bool:
        with controller:
            await entered.wait()
            return find_default() is controller

    async def both() -> list[bool]:
        entered = asyncio.Barrier(2)
        return await asyncio.gather(*(inside(controller, entered) for controller in pair))

    assert asyncio.run(both()) == [True, True]


def test_a_block_closes_its_controller_also_when_it_fails(url: str) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), rrq.connect("lab", url) as controller:
        raise RuntimeError("on purpose")
    assert find_default() is None
    with pytest.raises(rrq.Closed):
        rrq.task_list(controller=controller)
