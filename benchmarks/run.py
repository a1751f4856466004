"""Measure the floor and the library by turns, and print a Markdown table: `python -m benchmarks.run [--quick]`."""

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from attrs import frozen

from benchmarks import floor, ours, processes
from benchmarks.server import describe, private_server
from benchmarks.table import Row, circumstances, duration, markdown, rate

T = TypeVar("T")


@frozen(kw_only=True)
class Size:
    """How much is measured: tasks drained and submitted, round trips, processes; and how often it is repeated."""

    tasks: int
    trips: int
    rounds: int
    processes: int


FULL = Size(tasks=20_000, trips=1_000, rounds=5, processes=200)
QUICK = Size(tasks=500, trips=50, rounds=1, processes=20)


def main() -> None:
    """Run all benchmarks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which shows that all of it works")
    size = QUICK if parser.parse_args().quick else FULL
    with private_server() as url:
        rows = [*drain_rows(url, size), submit_row(url, size), trip_row(url, size), *process_rows(url, size)]
        rows += single_rows(size)
        print(f"{circumstances(describe(url))} Medians of {size.rounds} rounds of {size.tasks:,} tasks.\n")
    print(markdown(rows))


def by_turns(first: Callable[[], T], second: Callable[[], T], rounds: int) -> tuple[list[T], list[T]]:
    """Measure two things by turns, so that a busy moment of the machine hits both."""
    pairs = [(first(), second()) for _ in range(rounds)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def drain_rows(url: str, size: Size) -> Sequence[Row]:
    """Compare the drain of a queue by one busy worker, and show what the server counted."""
    drains: list[ours.Drain] = []

    def our_rate() -> float:
        drains.append(ours.drain(url, size.tasks))
        return drains[-1].rate

    floors, rates = by_turns(lambda: floor.drain(url, size.tasks), our_rate, size.rounds)
    counted = {name: median(one.commands[name] for one in drains) for name in drains[0].commands}
    commands = ", ".join(f"{count:.2f} {name}" for name, count in counted.items())
    return (
        Row(
            what="drain no-op tasks with results, one worker process",
            floor=rate(median(floors)),
            ours=rate(median(rates)),
            ratio=f"{median(rates) / median(floors):.0%}",
            aim="≥ 45 %",
        ),
        Row(what="… commands a task, by the server's count", floor="1.00 evalsha", ours=commands, aim="≈ 1 evalsha"),
    )


def submit_row(url: str, size: Size) -> Row:
    """Compare bulk submission with bare writes in pipelines."""
    bare, our = by_turns(lambda: floor.submit(url, size.tasks), lambda: ours.submit(url, size.tasks), size.rounds)
    return Row(
        what="bulk submit (floor: RPUSH and HSET in pipelines of 250)",
        floor=rate(median(bare)),
        ours=rate(median(our)),
        ratio=f"{median(our) / median(bare):.0%}",
        aim="≥ 20,000/s",
    )


def trip_row(url: str, size: Size) -> Row:
    """Compare a task's round trip with a ping-pong of BLPOPs."""
    bare, our = by_turns(
        lambda: floor.ping_pong(url, size.trips), lambda: ours.round_trip(url, size.trips), size.rounds
    )
    return Row(
        what="submit, run, result on a warm idle worker (floor: BLPOP ping-pong)",
        floor=duration(median(bare)),
        ours=duration(median(our)),
        ratio=f"{median(our) / median(bare):.1f} ×",
        aim="≤ 4 ×",
    )


def process_rows(url: str, size: Size) -> Sequence[Row]:
    """Compare a task in a process of its own with a bare fork, and with a fresh interpreter."""
    n = size.processes
    forks, tasks = by_turns(lambda: processes.fork(n), lambda: processes.separate_task(url, n), size.rounds)
    fresh = [processes.fresh_interpreter() for _ in range(max(3, size.rounds))]
    task = median(tasks)
    return (
        Row(
            what="a task in a process of its own, warm zygote (floor: fork, exit, wait)",
            floor=duration(median(forks)),
            ours=duration(task),
            ratio=f"{task / median(forks):.1f} ×",
            aim="≤ 3 ×",
        ),
        Row(
            what="… (floor: a fresh Python that loads numpy)",
            floor=duration(median(fresh)),
            ours=duration(task),
            ratio=f"{task / median(fresh):.0%}",
            aim="≤ 20 %",
        ),
        Row(what="cancel a task that sleeps in its process", ours=duration(processes.cancel(url, 10)), aim="< 0.5 s"),
    )


def single_rows(size: Size) -> Sequence[Row]:
    """Measure what has no floor, and cloudpickle, which is a part of both."""
    repeats = range(max(3, size.rounds))
    return (
        Row(what="cloudpickle alone, a small call and its result", floor=duration(floor.pickling(size.tasks))),
        Row(
            what="memory://: submit, step, result, in one thread",
            ours=duration(ours.memory_by_hand(size.trips)),
            aim="< 10 ms",
        ),
        Row(what="… with a worker that is another thread", ours=duration(ours.memory(size.trips))),
        Row(what="import rrq_core", ours=duration(median(ours.import_time() for _ in repeats)), aim="< 150 ms"),
        Row(
            what="embedded://: first connect in an empty directory",
            ours=duration(median(ours.first_connect() for _ in repeats)),
            aim="< 0.5 s",
        ),
    )


if __name__ == "__main__":
    main()
