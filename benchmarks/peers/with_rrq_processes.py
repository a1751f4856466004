"""rrq-core, with a process for each task."""

import sys
from importlib.metadata import version
from operator import pos

import rrq_core as rrq
from benchmarks.peers.measuring import URL, Peer, mark_the_time, measure

if __name__ == "__main__":
    with rrq.connect("peers", URL) as queue:
        apart = queue.options(separate_process=True)
        measure(
            Peer(
                name="rrq-core",
                version=version("rrq-core"),
                settings="`separate_process=True`",
                submit=lambda: apart.submit(pos, 1),
                mark=lambda: apart.submit(mark_the_time),
                ask=lambda: apart.submit(pos, 1).result(),
                worker=[sys.executable, "-m", "rrq_core.cli.worker", "peers", "--url", URL],
            )
        )
