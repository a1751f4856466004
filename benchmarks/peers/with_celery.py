"""Celery, with broker and results on Redis; gossip, mingle and heartbeats are off, since there is one worker."""

import sys
from importlib.metadata import version

from celery import Celery

from benchmarks.peers.measuring import URL, Peer, give_back, mark_the_time, measure

app = Celery("benchmarks.peers.with_celery", broker=URL, backend=URL)
mark = app.task(mark_the_time, name="mark")
nothing = app.task(give_back, name="nothing")


if __name__ == "__main__":
    quiet = ["--loglevel", "error", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    measure(
        Peer(
            name="Celery",
            version=version("celery"),
            settings="prefork, one process",
            submit=lambda: nothing.delay(1),
            mark=lambda: mark.delay(),
            ask=lambda: nothing.delay(1).get(timeout=10),
            worker=[sys.executable, "-m", "celery", "-A", "benchmarks.peers.with_celery", "worker", "-c", "1", *quiet],
        )
    )
