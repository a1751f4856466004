"""A proxy before a server that lets a command be executed and then cuts the connection: the reply is lost."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field


@define
class CuttingProxy:
    """Passes everything on, but for the reply to the next command that contains `marker`."""

    server_port: int
    marker: bytes | None = None
    cuts: int = 0
    listener: socket.socket = field(factory=lambda: socket.create_server(("127.0.0.1", 0)))
    lock: threading.Lock = field(factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.listener.getsockname()[1]}"

    def cut_next(self, marker: bytes) -> None:
        """Lose the reply to the next command that contains these bytes."""
        with self.lock:
            self.marker, self.cuts = marker, 0

    def _is_to_be_cut(self, command: bytes) -> bool:
        with self.lock:
            if self.marker is None or self.marker not in command:
                return False
            self.marker = None
            self.cuts += 1
            return True

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            while command := _received(client):
                if not self._is_to_be_cut(command):
                    server.sendall(command)
                    continue
                with socket.create_connection(("127.0.0.1", self.server_port)) as apart:
                    apart.sendall(command)
                    apart.recv(1 << 20)  # executed: its reply is here, and goes nowhere
                _end(client)
                return


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(1 << 20)
    except OSError:
        return b""


def _pump(source: socket.socket, target: socket.socket) -> None:
    while data := _received(source):
        try:
            target.sendall(data)
        except OSError:
            break
    _end(target)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def cutting_proxy(server_port: int) -> Iterator[CuttingProxy]:
    """A proxy that serves as long as the block runs."""
    proxy = CuttingProxy(server_port)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()
        thread.join()
