"""The beater of one process, which has started it: it beats as long as that lives, and reports its end.

It is another process, so that what holds the interpreter's lock for minutes does not look dead. It imports the adapter
and little else.
"""

import os
import signal
import socket
import sys
import time
from typing import NoReturn

from rrq_core.errors import RrqError
from rrq_core.model.ids import QueueId
from rrq_core.plugins import open_backend
from rrq_core.ports import Backend
from rrq_core.worker.beater.hub import Hub
from rrq_core.worker.beater.ward import Starter, Ward
from rrq_core.worker.beater.wire import Wire
from rrq_core.worker.outage import growing_pauses

_NOT_FOR_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(link: int, starter: int, queue_id: str) -> NoReturn:
    """Be the beater of a process.

    Args:
        link: The descriptor of the wire to it.
        starter: Its process id.
        queue_id: The queue; $RRQ_URL says where it is.
    """
    for number in _NOT_FOR_US:  # they may be sent to all processes of a service at once
        signal.signal(number, signal.SIG_IGN)
    ward = Starter(Wire(socket.socket(fileno=link)), starter)
    hub = Hub(_opened(ward, QueueId(queue_id)))
    hub.take(ward)
    while not hub.turn():
        pass
    _let_go_of_output()
    hub.finish()
    os._exit(0)


def _opened(ward: Ward, queue_id: QueueId) -> Backend:
    """Open the queue, as soon as its server is there."""
    for pause in growing_pauses():
        try:
            return open_backend(os.environ["RRQ_URL"], queue_id)
        except RrqError as error:
            ward.wire.send({"trouble": str(error)})
        if ward.end() is not None:
            break
        time.sleep(pause)
    os._exit(0)


def _let_go_of_output() -> None:
    """Do not keep waiting who reads to the end what the process has printed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
