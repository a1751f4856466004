"""Renewing heartbeats in time: which are due, what became of them, and when to look again. Who drives it waits."""

import time
from collections.abc import Callable, Collection, Mapping

from attrs import evolve, frozen

from rrq_core.errors import BackendError
from rrq_core.model.work import Session
from rrq_core.model.worker import Beat, HeartbeatTerms
from rrq_core.ports import Heartbeat

LAPSES_AFTER = 3
"""Periods after which a heartbeat lapses that is not renewed."""

_FIRST_PAUSE = 0.02


def terms_of(period: float) -> HeartbeatTerms:
    """Give the terms of a worker's heartbeat.

    Args:
        period: Seconds between two beats.
    """
    return HeartbeatTerms(period=period, expire=LAPSES_AFTER * period)


@frozen(kw_only=True)
class Pulse:
    """A key to renew each `period` seconds, with a value, so that it lapses `expire` seconds after the last time.

    `session`: whose key it is, None for one that is no worker's.
    """

    key: str
    period: float
    expire: float
    value: str
    session: Session | None = None

    @classmethod
    def of(cls, session: Session, terms: HeartbeatTerms) -> "Pulse | None":
        """Give that of a worker's session, None where it has no heartbeat."""
        if session.heartbeat_key is None:
            return None
        return cls(
            key=session.heartbeat_key,
            period=terms.period,
            expire=terms.expire,
            value=f"{terms.expire:g}",
            session=session,
        )


@frozen(kw_only=True)
class _Due:
    pulse: Pulse
    at: float


class Beating:
    """Any number of heartbeats, each known by a name of its owner's. Any thread may add and drop; one calls `beat`.

    Args:
        heartbeat: Where they are kept.
        lost: What is told of those that are over, with their names. They are beaten no more.
        beaten: What is told, after each round, of those that were renewed in it.
        now: The clock, in seconds; it never goes back.
    """

    def __init__(
        self,
        heartbeat: Heartbeat,
        lost: Callable[[int, Pulse], None],
        beaten: Callable[[Collection[Pulse]], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heartbeat = heartbeat
        self._lost = lost
        self._beaten = beaten
        self._now = now
        self._due: dict[int, _Due] = {}
        self._failures = 0

    def add(self, name: int, pulse: Pulse) -> None:
        """Beat this one from now on; it takes the place of one of the same name."""
        self._due[name] = _Due(pulse=pulse, at=self._now())

    def drop(self, name: int) -> None:
        """Beat this one no more."""
        self._due.pop(name, None)

    def pulses(self) -> Mapping[int, Pulse]:
        """Give those there are."""
        return {name: due.pulse for name, due in self._due.copy().items()}

    def beat(self) -> float | None:
        """Renew those that are due, and with them those that soon will be.

        While the store is away it is tried again after a pause that grows to a quarter of the shortest period.

        Returns:
            Seconds after which to call this again; None where there is nothing to beat.
        """
        now = self._now()
        every = self._due.copy()
        if any(due.at <= now for due in every.values()):
            self._renew({name: due.pulse for name, due in every.items() if due.at <= now + due.pulse.period / 4})
        if not self._due:
            return None
        return max(0.0, min(due.at for due in self._due.copy().values()) - self._now())

    def _renew(self, pulses: Mapping[int, Pulse]) -> None:
        try:
            renewed = self._heartbeat.beat([_beat(pulse) for pulse in pulses.values()])
        except BackendError:
            self._put_off(pulses)
            return
        self._failures = 0
        now = self._now()
        for (name, pulse), holds in zip(pulses.items(), renewed, strict=True):
            if holds:
                self._set_due(name, pulse, now + pulse.period)
            else:
                self.drop(name)
                self._lost(name, pulse)
        self._beaten([pulse for pulse, holds in zip(pulses.values(), renewed, strict=True) if holds])

    def _put_off(self, pulses: Mapping[int, Pulse]) -> None:
        quarter = min(pulse.period for pulse in pulses.values()) / 4
        pause = min(_FIRST_PAUSE * 2 ** min(self._failures, 30), quarter)
        self._failures += 1
        for name, pulse in pulses.items():
            self._set_due(name, pulse, self._now() + pause)

    def _set_due(self, name: int, pulse: Pulse, at: float) -> None:
        """Set when to beat next, unless it was dropped, or another has taken its place, meanwhile."""
        due = self._due.get(name)
        if due is not None and due.pulse is pulse:
            self._due[name] = evolve(due, at=at)


def _beat(pulse: Pulse) -> Beat:
    return Beat(key=pulse.key, expire=pulse.expire, value=pulse.value, session=pulse.session)
