"""rrq-core."""

import sys
from importlib.metadata import version
from operator import pos
from typing import Unpack

import rrq_core as rrq
from benchmarks.peers.measuring import URL, Peer, mark_the_time
from rrq_core.client.options import OptionArguments


def rrq_peer(connected: rrq.Controller, settings: str, **options: Unpack[OptionArguments]) -> Peer:
    """Say how rrq-core is measured.

    Args:
        connected: Connected to an empty queue.
        settings: What is special, in words.
        **options: Options of its tasks.
    """
    tasks = connected.options(**options)
    return Peer(
        name="rrq-core",
        version=version("rrq-core"),
        settings=settings,
        submit=lambda: tasks.submit(pos, 1),
        mark=lambda: tasks.submit(mark_the_time),
        ask=lambda: tasks.submit(pos, 1).result(),
        worker=[sys.executable, "-m", "rrq_core.cli.worker", connected.queue_id, "--url", URL],
    )
