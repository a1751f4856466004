"""RQ, with the worker that it has as a default: a process for each job."""

from benchmarks.peers.measuring import measure
from benchmarks.peers.rq_peer import rq_peer

if __name__ == "__main__":
    measure(rq_peer("a fork for each job", []))
