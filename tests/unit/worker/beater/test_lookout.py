"""How often a beater sees to its queue."""

from rrq_core.model.ids import WorkerId
from rrq_core.model.work import Session
from rrq_core.worker.beater.beating import Pulse
from rrq_core.worker.beater.lookout import Lookout


def pulse(period: float, session: Session | None) -> Pulse:
    return Pulse(key="k", period=period, expire=3 * period, value="x", session=session)


def looks_in(seconds: int, pulses: list[Pulse]) -> int:
    """Count the looks in some seconds of a clock that goes on by whole ones."""
    times = iter(range(seconds))
    looks: list[None] = []
    lookout = Lookout(lambda: looks.append(None), lambda: float(next(times)))
    for _ in range(seconds):
        if lookout.look(pulses) is None:
            break
    return len(looks)


def test_it_looks_four_times_in_the_shortest_period_of_a_worker() -> None:
    session = Session(worker=WorkerId("w"), token="s")
    assert looks_in(80, [pulse(40, session), pulse(20, session), pulse(1, None)]) == 16


def test_it_does_not_look_for_heartbeats_that_are_no_workers() -> None:
    assert looks_in(80, [pulse(20, None)]) == 0
