"""What a beater does all day: it beats for its wards, hears signals for them, and reports those that have ended."""

import itertools
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from rrq_core.errors import BackendError
from rrq_core.model.status import WorkerStatus
from rrq_core.model.work import Session
from rrq_core.ports import Backend
from rrq_core.worker.beater.beating import Beating, Pulse
from rrq_core.worker.beater.care import Care
from rrq_core.worker.beater.lookout import Lookout
from rrq_core.worker.beater.stack_look import StackLook
from rrq_core.worker.beater.summons import Summons
from rrq_core.worker.beater.ward import End, Ward
from rrq_core.worker.beater.wire import Record, read_expected, read_watch
from rrq_core.worker.deaf_thread import start_deaf_thread

_LONGEST_REPORT = 15.0


class Hub:
    """Looks after processes, with all waiting in one place.

    Args:
        backend: The queue.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._beating = Beating(backend.heartbeat, self._tell_lost, self._tell_beaten)
        self._lookout = Lookout(self._see_to_queue, time.monotonic)
        self._summons = Summons(backend.heartbeat, self._pass_on)
        self._selector = selectors.DefaultSelector()
        self._names = itertools.count()
        self._wards: dict[int, Ward] = {}
        self._looks: dict[int, StackLook] = {}
        self._reports: list[threading.Thread] = []
        self._recovery: threading.Thread | None = None

    def take(self, ward: Ward) -> None:
        """Look after one more."""
        name = next(self._names)
        self._wards[name] = ward
        self._selector.register(ward.wire, selectors.EVENT_READ, partial(self._hear, name, ward))
        for descriptor in ward.descriptors():
            self._selector.register(descriptor, selectors.EVENT_READ, _nothing)

    def listen(self, descriptor: int, then: Callable[[], None]) -> None:
        """Call something when a descriptor is readable."""
        self._selector.register(descriptor, selectors.EVENT_READ, then)

    def turn(self) -> list[End]:
        """Beat what is due, wait for what comes next, and see to it.

        Returns:
            How those have ended that did.
        """
        pauses = [self._beating.beat(), self._lookout.look(self._beating.pulses().values())]
        pauses += [ward.look_again for ward in self._wards.values()]
        for ready, _ in self._selector.select(min((pause for pause in pauses if pause is not None), default=None)):
            ready.data()
        ended = [(name, ward, end) for name, ward in list(self._wards.items()) if (end := ward.end()) is not None]
        for name, ward, end in ended:
            self._let_go(name, ward, end)
        return [end for _, _, end in ended]

    def finish(self) -> None:
        """Wait until all ends are reported, or cannot be."""
        for report in self._reports:
            report.join(_LONGEST_REPORT)

    def _hear(self, name: int, ward: Ward) -> None:
        try:
            records = ward.wire.receive()
        except (EOFError, ValueError):  # cut, or in the hands of somebody who does not know its language
            self._selector.unregister(ward.wire)
            self._beating.drop(name)
            ward.hang_up()
            return
        for record in records:
            self._heed(name, ward, record)

    def _heed(self, name: int, ward: Ward, record: Record) -> None:
        match record:
            case {"expect": dict(session)}:
                ward.expected = read_expected(session)
            case {"watch": dict(wanted)}:
                (ward.session, pulse), ward.expected = read_watch(wanted), None
                self._note_stack_file(name, ward)
                ward.key, ward.is_told = (None if pulse is None else pulse.key), False
                if pulse is None:
                    self._beating.drop(name)
                else:
                    self._beating.add(name, pulse)
            case {"close": True}:
                self._beating.drop(name)
                ward.key = None
        self._listen_for_signals()

    def _note_stack_file(self, name: int, ward: Ward) -> None:
        descriptor = ward.wire.take_descriptor()
        if descriptor is not None and name in self._looks:  # it comes with each session of the process
            os.close(descriptor)
        elif descriptor is not None:
            self._looks[name] = StackLook(ward, descriptor, self._backend.workers)

    def _listen_for_signals(self) -> None:
        self._summons.listen_to(sorted({ward.key for ward in self._wards.values() if ward.key is not None}))

    def _let_go(self, name: int, ward: Ward, end: End) -> None:
        del self._wards[name]
        self._beating.drop(name)
        for descriptor in ward.descriptors():
            self._selector.unregister(descriptor)
        with suppress(KeyError, ValueError):  # the wire was cut before
            self._selector.unregister(ward.wire)
        ward.wire.close()
        if name in self._looks:
            self._looks.pop(name).close()
        self._listen_for_signals()
        session = ward.expected or ward.session
        if session is not None and end.reason is not None:
            report = partial(self._report, session, end.reason)
            self._reports.append(start_deaf_thread(report, "rrq-beater-report"))

    def _report(self, session: Session, reason: str) -> None:
        with suppress(BackendError):  # then it is found LOST when its heartbeat has lapsed
            self._backend.workers.leave(session, WorkerStatus.LOST, reason)

    def _tell_lost(self, name: int, pulse: Pulse) -> None:
        if pulse.session is not None and name in self._wards:
            self._wards[name].wire.send({"lost": pulse.session.token})

    def _tell_beaten(self, pulses: Collection[Pulse]) -> None:
        keys = {pulse.key for pulse in pulses}
        for ward in self._wards.values():
            ward.memory.note()
            if not ward.is_told and ward.key in keys:
                ward.is_told = True
                ward.wire.send({"beats": ward.key})

    def _see_to_queue(self) -> None:
        if not _is_running(self._recovery):
            self._recovery = start_deaf_thread(Care(self._backend).take, "rrq-beater-recovery")

    def _pass_on(self, key: str, number: int) -> None:
        for name, ward in list(self._wards.items()):
            if ward.key == key and number == signal.SIGUSR1 and name in self._looks:
                self._looks[name].begin()
            elif ward.key == key and number:
                ward.signal(number)
            elif ward.key == key:
                self._beating.drop(name)
                ward.wire.send({"stopped": key})


def _nothing() -> None:
    """What there is to do when a handle is readable: the process has ended, which is asked for anyway."""


def _is_running(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()
