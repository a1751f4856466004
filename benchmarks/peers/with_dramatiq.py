"""Dramatiq, with results on Redis; one process with one thread."""

import sys
from importlib.metadata import version

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from benchmarks.peers.measuring import URL, Peer, give_back, mark_the_time, measure

broker = RedisBroker(url=URL)
broker.add_middleware(Results(backend=RedisBackend(url=URL)))
dramatiq.set_broker(broker)
mark = dramatiq.actor(mark_the_time, actor_name="mark")
nothing = dramatiq.actor(give_back, actor_name="nothing", store_results=True)


if __name__ == "__main__":
    measure(
        Peer(
            name="Dramatiq",
            version=version("dramatiq"),
            settings="one process, one thread",
            submit=lambda: nothing.send(1),
            mark=lambda: mark.send(),
            ask=lambda: nothing.send(1).get_result(block=True, timeout=10_000),
            worker=[
                sys.executable,
                "-m",
                "dramatiq",
                "benchmarks.peers.with_dramatiq",
                "--processes",
                "1",
                "--threads",
                "1",
            ],
        )
    )
