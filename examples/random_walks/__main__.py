"""The example's main job: walks in a named group, submitted twice, and their summary by expressions."""

import argparse

import rrq_core as rrq
from examples.private_queue import private_queue
from examples.random_walks.walks import distance

GROUP = "walks"


def walk(queue: rrq.Controller, walks: int, steps: int) -> "rrq.TaskGroup[float]":
    """Submit walks, of which those that are in the group are not submitted again."""
    first_break = [steps // 2 if seed == 0 else -1 for seed in range(walks)]
    return queue.options(retries=1).map(distance, range(walks), [steps] * walks, first_break, name=GROUP)


def main() -> None:
    """Walk, extend the study, and print how the distance grows with the number of walks that are averaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=8, help="how many at first; twice as many then (default: 8)")
    parser.add_argument("--steps", type=int, default=20_000, help="of each walk (default: %(default)s)")
    asked = parser.parse_args()
    with private_queue("random-walks", workers=2) as queue:
        walk(queue, asked.walks, asked.steps).wait()
        study = walk(queue, 2 * asked.walks, asked.steps)
        print(f"{len(rrq.task_list())} tasks for {asked.walks} walks, and then {len(study)}.")
        distances = study.results()
        attempts = [len(task.info().attempts) for task in queue.group(GROUP)]
        print(f"Walk 0 was interrupted, and went on: {attempts[0]} attempts; the others: {max(attempts[1:])}.")
        counts = [n for n in (1, 4, 16) if n <= len(study)]
        means = rrq.task_create_bulk_expr("n, sum(distances[:n]) / n", {"n": counts})
        rrq.task_wait(means)
        for n, mean in rrq.task_results(means, error=True):
            print(f"mean distance of {n:2} walks: {mean:6.1f} (all: {sum(distances) / len(distances):.1f})")


if __name__ == "__main__":
    main()
