"""Threads that take no signals: the system may give one to any thread, and only the main one is ended in its sleep."""

import signal
import threading
from collections.abc import Callable

_KEPT_FOR_THE_MAIN_THREAD = (signal.SIGTERM, signal.SIGINT)


def start_deaf_thread(run: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread to which SIGTERM and SIGINT never go; it has the mask from its first moment."""
    thread = threading.Thread(target=run, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _KEPT_FOR_THE_MAIN_THREAD)
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread
