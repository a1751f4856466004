"""rrq-core, as it is when nothing is said."""

import sys
from importlib.metadata import version
from operator import pos

import rrq_core as rrq
from benchmarks.peers.measuring import URL, Peer, mark_the_time, measure

if __name__ == "__main__":
    with rrq.connect("peers", URL) as queue:
        measure(
            Peer(
                name="rrq-core",
                version=version("rrq-core"),
                settings="as it is",
                submit=lambda: queue.submit(pos, 1),
                mark=lambda: queue.submit(mark_the_time),
                ask=lambda: queue.submit(pos, 1).result(),
                worker=[sys.executable, "-m", "rrq_core.cli.worker", "peers", "--url", URL],
            )
        )
