"""RQ, by the settings that its documentation has."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from operator import pos

import redis
import rq

from benchmarks.peers.measuring import URL, Peer, mark_the_time


def rq_peer(settings: str, options: Sequence[str]) -> Peer:
    """Say how RQ is measured.

    Args:
        settings: What is special, in words.
        options: Options of its worker.
    """
    queue = rq.Queue(connection=redis.Redis.from_url(URL))
    return Peer(
        name="RQ",
        version=version("rq"),
        settings=settings,
        submit=lambda: queue.enqueue(pos, 1),
        mark=lambda: queue.enqueue(mark_the_time),
        ask=lambda: queue.enqueue(pos, 1).latest_result(timeout=10),
        worker=[sys.executable, "-m", "rq.cli", "worker", "--quiet", "--url", URL, *options],
    )
