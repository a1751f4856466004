"""rrq-core, as it is when nothing is said."""

import rrq_core as rrq
from benchmarks.peers.measuring import URL, measure
from benchmarks.peers.rrq_peer import rrq_peer

if __name__ == "__main__":
    with rrq.connect("peers", URL) as queue:
        measure(rrq_peer(queue, "as it is"))
