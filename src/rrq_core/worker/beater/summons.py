"""Signals that were left for heartbeats: a thread waits for them, and passes them on."""

import threading
import time
from collections.abc import Callable, Sequence

from rrq_core.errors import BackendError
from rrq_core.ports import Heartbeat
from rrq_core.worker.deaf_thread import start_deaf_thread
from rrq_core.worker.outage import growing_pauses

_SHORTEST_WAIT = 0.25
_LONGEST_WAIT = 5.0
_GROWTH = 1.2  # so that a new key is listened to after a fifth of the time for which none has come

PassOn = Callable[[str, int], None]


class Summons:
    """Waits for signals to some heartbeats.

    The keys may change. One wait holds for those there were when it began, so waits are short after a change.

    Args:
        heartbeat: Where they are left.
        pass_on: What is called with the key and the signal, in the thread that waits.
    """

    def __init__(self, heartbeat: Heartbeat, pass_on: PassOn) -> None:
        self._heartbeat = heartbeat
        self._pass_on = pass_on
        self._keys: Sequence[str] = ()
        self._has_keys = threading.Event()
        self._is_started = False

    def listen_to(self, keys: Sequence[str]) -> None:
        """Wait for signals to these keys from now on."""
        self._keys = tuple(keys)
        if not keys:
            self._has_keys.clear()
            return
        self._has_keys.set()
        if not self._is_started:
            self._is_started = True
            start_deaf_thread(self._listen, "rrq-beater-summons")

    def _listen(self) -> None:
        pauses, heard, wait = growing_pauses(), self._keys, _SHORTEST_WAIT
        while self._has_keys.wait():
            keys = self._keys
            wait = min(_GROWTH * wait, _LONGEST_WAIT) if keys == heard else _SHORTEST_WAIT
            heard = keys
            try:
                found = self._heartbeat.signals(keys, wait) if keys else ()
                pauses = growing_pauses()
            except (BackendError, ValueError):  # away, or somebody has left there what is no signal
                time.sleep(next(pauses))
                continue
            for key, number in found:
                self._pass_on(key, number)
