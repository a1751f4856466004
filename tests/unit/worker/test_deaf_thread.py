"""Threads that take no signals."""

import signal
import threading

from rrq_core.worker.deaf_thread import start_deaf_thread


def test_a_deaf_thread_takes_neither_sigterm_nor_sigint_and_its_starter_still_does() -> None:
    masks = list[set[signal.Signals | int]]()
    thread = start_deaf_thread(lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())), "deaf")
    thread.join()
    assert {signal.SIGTERM, signal.SIGINT} <= masks[0]
    assert not {signal.SIGTERM, signal.SIGINT} & signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert thread is not threading.current_thread()
