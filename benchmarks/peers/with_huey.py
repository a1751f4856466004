"""Huey, with its results on Redis; one worker thread, nothing periodic."""

import sys
from importlib.metadata import version
from pathlib import Path

from huey import RedisHuey

from benchmarks.peers.measuring import URL, Peer, give_back, mark_the_time, measure

huey = RedisHuey("peers", url=URL)
mark = huey.task(name="mark")(mark_the_time)
nothing = huey.task(name="nothing")(give_back)


if __name__ == "__main__":
    from benchmarks.peers import with_huey as tasks  # by the name of the module, under which the worker finds them

    consumer = str(Path(sys.executable).with_name("huey_consumer"))
    measure(
        Peer(
            name="Huey",
            version=version("huey"),
            settings="one worker thread",
            submit=lambda: tasks.nothing(1),
            mark=lambda: tasks.mark(),
            ask=lambda: tasks.nothing(1)(blocking=True, timeout=10),
            worker=[consumer, "benchmarks.peers.with_huey.huey", "--workers", "1", "--no-periodic", "--quiet"],
        )
    )
