"""Poolers between us and the server: whether a session of theirs is a session of the server's.

With session pooling it is. With transaction pooling, each transaction may run in another session of the server, which
other clients use in between: what we set for a session would reach them and not us, and a lock of a session would stay
somewhere. Commands that only read are made of transactions, and set nothing beyond them. Those that write in many
transactions need a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final

import psycopg

from order_audit.audit.database import watchdog
from order_audit.errors import RunError

_PID: Final = b"select pg_catalog.pg_backend_pid()::text"
#: The server's own address, which a pooler's clients may not know.
_SERVER: Final = (
    "select pg_catalog.host(pg_catalog.inet_server_addr()), pg_catalog.current_setting('port'),"
    " pg_catalog.current_setting('listen_addresses') operator(pg_catalog.=) ''"
)
#: Connections beside ours. Several poolers may share a port, each with a pool of its own: of five connections to four
#: poolers, two meet in one pool.
_OTHERS: Final = 4
#: How long one of them may wait for a session of the server, in seconds.
_WAIT: Final = 1.0


def enter(connection: psycopg.Connection) -> None:
    """Make a connection through a pooler fit for it. Raises RunError where it allows no transaction."""
    # the statement would stay in a session that other clients use, under a name that they may use
    connection.prepare_threshold = None
    try:
        with connection.transaction():
            pass
    except psycopg.errors.ProtocolViolation:
        raise RunError(
            f"port {connection.info.port} is a pooler in statement mode, which allows no transactions: use the DSN of"
            " the server itself, or of a pool in session mode"
        ) from None


@contextmanager
def one_session(
    connection: psycopg.Connection, connect: Callable[[float], psycopg.Connection]
) -> Iterator[psycopg.Connection]:
    """Within it, all transactions run in one session of the server. Raises RunError if a pooler does not promise that.

    `connect` makes another connection to the same place, in at most so many seconds. Behind a pooler, the session is as
    new afterwards.
    """
    if _pid(connection) == connection.info.backend_pid:
        yield connection
        return
    if _is_shared(connection, connect):
        host, port, only_socket = connection.execute(_SERVER.encode()).fetchone() or (None, "5432", False)
        place = f"port {port}" + (f" of {host}" if host else " on its socket" if only_socket else "")
        raise RunError(
            f"port {connection.info.port} is a pooler in transaction mode, in which no lock or setting of a session"
            f" holds: use the DSN of the server itself ({place}), or of a pool in session mode"
        )
    try:
        yield connection
    finally:
        if not connection.closed:
            with suppress(psycopg.Error):
                connection.execute("discard all")  # as such a pooler does itself by default


def _is_shared(connection: psycopg.Connection, connect: Callable[[float], psycopg.Connection]) -> bool:
    """Whether sessions of the server are shared: two connections have the same one, or one has two.

    On a quiet pool, all connections get the same, the one that was used last. On a busy one, ours changes.
    """
    pids = [_pid(connection)]
    with ExitStack() as stack:
        for _ in range(_OTHERS):
            try:
                other = stack.enter_context(closing(connect(_WAIT)))
                pid = _pid(other, _WAIT)
            except psycopg.OperationalError:
                break
            if pid in pids or _pid(connection) != pids[0]:
                return True
            if not pid:  # none is free, and ours answers: it has one of its own
                break
            pids.append(pid)
    return _pid(connection) != pids[0]


def _pid(connection: psycopg.Connection, seconds: float | None = None) -> int:
    """Return the backend of a new transaction; 0 where none answers in time."""
    rows = watchdog.answer(connection, _PID, seconds=seconds)
    return int(rows[0][0]) if rows else 0
