"""A TCP proxy before a server's socket, which can fall silent: it acknowledges all, and forwards nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
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
                server.connect(self._target)
                self._ends += [client, server]
                for here, there in ((client, server), (server, client)):
                    threading.Thread(target=_forward, args=(here, there, self._gate), daemon=True).start()


def _forward(here: socket.socket, there: socket.socket, gate: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(1 << 16):
            gate.wait()
            there.sendall(data)
        gate.wait()
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
