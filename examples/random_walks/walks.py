"""A walk on a grid that keeps what it has, as it may be interrupted."""

import random

import rrq_core as rrq

SAVE_EACH = 2_000  # steps


def distance(seed: int, steps: int, breaks_at: int) -> float:
    """Walk, and give the distance from the start. The first attempt breaks off at some step, if it comes so far."""
    generator, step, x, y = rrq.checkpoint((random.Random(seed), 0, 0, 0))
    while step < steps:
        if step == breaks_at and rrq.attempt() == 1:
            raise ConnectionError(f"broke off at step {step}")
        step, x, y = step + 1, x + generator.choice((-1, 0, 1)), y + generator.choice((-1, 0, 1))
        if step % SAVE_EACH == 0:
            rrq.checkpoint_save((generator, step, x, y))
    return float((x * x + y * y) ** 0.5)
