"""A TCP proxy before a server's socket. It can fall silent (it acknowledges all, and forwards nothing) or be cut."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import conninfo


class Proxy:
    """Forwards connections of a port of this machine to the socket of a DSN."""

    def __init__(self, dsn: str) -> None:
        self._target = _socket(dsn)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._gate = _open()
        self._ends: list[socket.socket] = []
        #: How often a client has sent something.
        self.sent = 0
        self._cutting = False
        place = {"host": "127.0.0.1", "port": str(self._listener.getsockname()[1]), "sslmode": "disable"}
        self.dsn = conninfo.make_conninfo(dsn, **place)
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self, *, for_new: bool = True) -> None:
        """Forward nothing any more on the connections that there are, and on new ones; end none."""
        self._gate.clear()
        if not for_new:
            self._gate = _open()

    def lead_to(self, dsn: str) -> None:
        """Connect new clients to another server."""
        self._target = _socket(dsn)

    def speak(self) -> None:
        """Forward again what was held back."""
        self._gate.set()

    def cut(self) -> None:
        """Reset the connections that there are; accept new ones."""
        ends, self._ends, self._cutting = self._ends, [], True
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RD)  # which wakes whoever waits for it, and sends nothing
        time.sleep(0.01)
        for end in ends:
            end.close()
        self._cutting = False

    def close(self) -> None:
        """End all connections."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits for it
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:  # it is restarting
                    client.close()
                    server.close()
                    continue
                self._ends += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(*ends, self._gate), daemon=True).start()

    def _forward(self, here: socket.socket, there: socket.socket, gate: threading.Event) -> None:
        try:
            while data := here.recv(1 << 16):
                self.sent += here.family == socket.AF_INET
                gate.wait()
                there.sendall(data)
        except OSError:
            pass  # a server that was killed resets its connections
        gate.wait()
        if not self._cutting:
            with contextlib.suppress(OSError):
                there.shutdown(socket.SHUT_WR)


def _open() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


def _socket(dsn: str) -> str:
    words = conninfo.conninfo_to_dict(dsn)
    return f"{words['host']}/.s.PGSQL.{words.get('port', 5432)}"


@contextmanager
def proxy(dsn: str) -> Iterator[Proxy]:
    """Run a proxy before the server of a DSN."""
    made = Proxy(dsn)
    try:
        yield made
    finally:
        made.close()
