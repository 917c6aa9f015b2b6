"""Notice a connection that is dead although nothing says so, and keep idle ones alive.

A firewall or proxy that forgets a connection sends no end of it: a client that waits for an answer waits for ever. The
kernel's keepalives notice a host that is silent, not a proxy that acknowledges and forwards nothing. So a thread asks
the server over a second connection what became of a backend whose answer is late; and it speaks on connections that
idle in a transaction, so that the server can end those whose client is gone.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import pq

#: Which start of a server this is, and where that server is.
_SERVER: Final = (
    b"pg_catalog.pg_postmaster_start_time()::text, pg_catalog.concat_ws(' ', pg_catalog.inet_server_addr(),"
    b" pg_catalog.inet_server_port(), pg_catalog.current_setting('port'), pg_catalog.current_setting('cluster_name'))"
)
#: Also: which of its backends serves the connection, and what time it is there.
_IDENTITY: Final = (
    b"select " + _SERVER + b", pg_catalog.pg_backend_pid()::text,"
    b" extract(epoch from pg_catalog.clock_timestamp())::text"
)
#: Also: whether it started after that time; the state of the backend, since when, and for how many seconds.
_STATE: Final = (
    b"select " + _SERVER + b","
    b" (extract(epoch from pg_catalog.pg_postmaster_start_time()) operator(pg_catalog.>) $2::numeric)::text,"
    b" a.state, a.state_change::text,"
    b" extract(epoch from pg_catalog.clock_timestamp() operator(pg_catalog.-) a.state_change)::float8"
    b" from (values ($1::int4)) as wanted (pid)"
    b" left join pg_catalog.pg_stat_activity as a on a.pid operator(pg_catalog.=) wanted.pid"
)


@dataclass(frozen=True)
class Times:
    """Durations in seconds: `every` between two looks; after `idle`, a transaction that idles is spoken to; after
    `late`, an answer is asked after; `answer` for the watchdog's own questions, of which `tries` may stay unanswered.
    """

    every: float = 5.0
    idle: float = 60.0
    late: float = 30.0
    answer: float = 10.0
    tries: int = 3

    @property
    def longest(self) -> float:
        """Return after how many seconds of silence a wait ends in an error, at the latest."""
        return self.late + self.every + self.tries * (2 * self.answer + self.every)


@dataclass
class _Watched:
    connection: weakref.ref[psycopg.Connection]
    connect: Callable[[float], psycopg.Connection]
    started: bytes  # the server, by its clock
    place: bytes
    connected: bytes  # by the same clock
    pid: int  # 0 behind a pooler that changes the backends
    status: pq.TransactionStatus = pq.TransactionStatus.UNKNOWN
    since: float = field(default_factory=time.monotonic)
    unanswered: int = 0
    idle: tuple[bytes, float] | None = None  # the backend, since when by the server's clock; first seen by ours


_watched: list[_Watched] = []
_severed: weakref.WeakKeyDictionary[psycopg.Connection, str] = weakref.WeakKeyDictionary()
_lock: Final = threading.Lock()
_thread: threading.Thread | None = None
times: Times = Times()


def watch(connection: psycopg.Connection, connect: Callable[[float], psycopg.Connection]) -> bool:
    """Watch a connection until it is closed. `connect` makes one to the same server, in at most so many seconds.

    Return whether the server's own backend answers, and no pooler stands between. Raises ConnectionTimeout without an
    answer.
    """
    global _thread
    rows = answer(connection, _IDENTITY)
    if rows is None:
        raise psycopg.errors.ConnectionTimeout(
            f"connected, but no answer for {times.answer:g} s: if this is a pooler, its pool has no free connection"
        )
    started, place, pid, now = rows[0] if rows else (b"", b"", b"0", b"")
    own = int(pid) if int(pid) == connection.info.backend_pid else 0
    with _lock:
        _watched.append(_Watched(weakref.ref(connection), connect, started, place, now, own))
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="watchdog", daemon=True)
            _thread.start()
    return bool(own)


def sever(connection: psycopg.Connection, why: str = "") -> None:
    """End a connection. A thread that waits for its answer gets an error."""
    if why:
        _severed[connection] = why
    # of a duplicate, which closes with it: the descriptor itself is libpq's
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def reason(connection: psycopg.Connection) -> str:
    """Return why the watchdog ended a connection; empty where it did not."""
    return _severed.get(connection, "")


def _run() -> None:
    global _thread
    while True:
        time.sleep(times.every)
        with _lock:
            _watched[:] = [it for it in _watched if (found := it.connection()) is not None and not found.closed]
            if not _watched:
                _thread = None
                return
            watched = list(_watched)
        for one in watched:
            # closed by its owner in this moment
            with contextlib.suppress(psycopg.Error, OSError, ValueError):
                _look(one)


def _look(watched: _Watched) -> None:
    connection = watched.connection()
    if connection is None or connection.closed:
        return
    status, now = connection.info.transaction_status, time.monotonic()
    if status != watched.status or _readable(connection.fileno()):
        watched.status, watched.since, watched.unanswered, watched.idle = status, now, 0, None
    elif status == pq.TransactionStatus.INTRANS and now - watched.since >= times.idle:
        _speak(watched, connection)
    elif status == pq.TransactionStatus.ACTIVE and now - watched.since >= times.late and _is_remote(connection):
        _ask_after(watched, connection)


def _speak(watched: _Watched, connection: psycopg.Connection) -> None:
    """Let the server count the idle seconds from zero again."""
    if not connection.lock.acquire(blocking=False):
        return  # in use after all
    try:
        if connection.info.transaction_status != pq.TransactionStatus.INTRANS:
            return
        if answer(connection, b"select 1") is None:
            _silence(watched, connection)
        watched.since = time.monotonic()
    finally:
        connection.lock.release()


def _ask_after(watched: _Watched, connection: psycopg.Connection) -> None:
    """End a connection whose server is silent, or has no such backend, or has answered what never arrived."""
    try:
        with contextlib.closing(watched.connect(times.answer)) as other:
            # a pooler may let a question wait until the answer that is late has come
            rows = answer(other, _STATE, str(watched.pid).encode(), watched.connected) if watched.pid else []
    except psycopg.OperationalError as error:
        # an answer is an answer, whatever it says: too many connections, starting up
        rows = None if isinstance(error, psycopg.errors.ConnectionTimeout) else []
    if rows is None:
        watched.unanswered += 1
        if watched.unanswered >= times.tries:
            _silence(watched, connection)
        return
    watched.unanswered = 0
    if not rows or not watched.pid:
        return
    started, place, is_later, state, since, seconds = rows[0]
    if started != watched.started:
        # a proxy may lead to another server: one that is at our place, and has started since, is ours
        if place == watched.place and is_later == b"true":
            sever(connection, "the server was restarted")
    elif not state:
        sever(connection, "its backend on the server has ended")
    elif state.startswith(b"idle"):
        _ask_after_idle(watched, connection, since, float(seconds))


def _ask_after_idle(watched: _Watched, connection: psycopg.Connection, since: bytes, seconds: float) -> None:
    """End a connection whose server waits for us, by its clock or, as that may have been set back, by ours."""
    now = time.monotonic()
    if watched.idle is None or watched.idle[0] != since:
        watched.idle = (since, now)
    seconds = max(seconds, now - watched.idle[1])
    if seconds >= times.late:
        sever(connection, f"the answer that the server gave {round(seconds)} seconds ago has not arrived")


def _silence(watched: _Watched, connection: psycopg.Connection) -> None:
    sever(connection, f"the server has been silent for {round(time.monotonic() - watched.since)} seconds")


def answer(
    connection: psycopg.Connection, query: bytes, *values: bytes, seconds: float | None = None
) -> list[tuple[bytes, ...]] | None:
    """Return the rows of a query; None where they take longer than `seconds`, by default `times.answer`."""
    inner = connection.pgconn
    inner.send_query_params(query, list(values))
    deadline = time.monotonic() + (times.answer if seconds is None else seconds)
    rows: list[tuple[bytes, ...]] = []
    while True:
        while inner.is_busy():
            left = deadline - time.monotonic()
            if left <= 0 or not _readable(inner.socket, left):
                return None
            inner.consume_input()
        result = inner.get_result()
        if result is None:
            return rows
        columns = range(result.nfields)
        rows += [tuple(result.get_value(row, column) or b"" for column in columns) for row in range(result.ntuples)]


def _readable(descriptor: int, seconds: float = 0) -> bool:
    """Whether an answer, or the end of the connection, arrives in time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _is_remote(connection: psycopg.Connection) -> bool:
    return not connection.info.host.startswith(("/", "@")) and bool(connection.info.host)
