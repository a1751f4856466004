"""RQ, with the worker that runs jobs in its own process."""

from benchmarks.peers.measuring import measure
from benchmarks.peers.rq_peer import rq_peer

if __name__ == "__main__":
    measure(rq_peer("`SimpleWorker`", ["--worker-class", "rq.SimpleWorker"]))
