"""One read-only snapshot, and as many connections on it as are wanted.

Everything an audit reads, it reads in the same exported repeatable-read snapshot, so that the numbers agree with each
other while the database is in use.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from order_audit.audit.database.dsn import connect
from order_audit.errors import RunError

#: What every session sets: exact floats, no filtered rows, text that does not depend on the client's locale.
_SETTINGS = (
    ("extra_float_digits", "1"),
    ("row_security", "off"),  # a policy that would hide rows raises an error instead
    ("jit", "off"),
    # a CHECK may have been true when it was validated: what its function says now would not be asked
    ("constraint_exclusion", "off"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "iso_8601"),
    ("bytea_output", "hex"),
    ("timezone", "UTC"),
    ("standard_conforming_strings", "on"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "0"),
)
#: Lets the server notice a client that died (PostgreSQL 14, where the operating system can tell).
_OPTIONAL = (("client_connection_check_interval", "2s"),)
#: For the hash tables of grouping and joining millions of rows, which would else spill to disk.
_WORK_MEMORY = "64MB"

#: A parameter of the server and its value.
Setting = tuple[str, str]


@dataclass
class Snapshot:
    """A repeatable-read, read-only transaction whose view other connections share.

    `schema` is the schema that holds the tables, empty for what the connection's search path gives.
    `timeout` bounds each statement, in seconds; None for no bound of ours. `low_impact` sessions have no
    parallel workers and no more memory than the server gives everybody. `settings` are set after ours.
    """

    dsn: str
    schema: str = ""
    timeout: float | None = None
    low_impact: bool = False
    settings: tuple[Setting, ...] = ()
    id: str = ""
    connection: psycopg.Connection = field(init=False)
    _open: list[psycopg.Connection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: bool = False

    def __enter__(self) -> Self:
        self.connection = self._connect()
        self._begin(self.connection)
        row = self.connection.execute("select pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101 - the function returns one row
        self.id = row[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in list(self._open):
            self._close(connection)

    @contextmanager
    def join(self) -> Iterator[psycopg.Connection]:
        """One more connection on the same snapshot."""
        connection = self.joined()
        try:
            yield connection
        finally:
            self._close(connection)

    def joined(self) -> psycopg.Connection:
        """One more connection on the same snapshot, open until the snapshot is closed."""
        connection = self._connect()
        self._begin(connection)
        return connection

    def renewed(self) -> psycopg.Connection:
        """The first connection, in a transaction that sees what is there now. The snapshot is gone then."""
        self.connection.rollback()
        return self.connection

    def cancel(self) -> None:
        """Stop whatever is running on any of the connections, and let nothing new begin."""
        with self._lock:
            self._cancelled = True
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)

    def _connect(self) -> psycopg.Connection:
        connection = connect(self.dsn, one_statement=True)
        with self._lock:
            if self._cancelled:
                connection.close()
                raise RunError("interrupted")
            self._open.append(connection)
        return connection

    def _begin(self, connection: psycopg.Connection) -> None:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        if self.id:
            connection.execute(sql.SQL("set transaction snapshot {}").format(self.id))
        settings = [*_SETTINGS]
        if self.timeout is not None:
            settings.append(("statement_timeout", f"{max(1, round(self.timeout * 1000))}ms"))
        if self.low_impact:
            settings.append(("max_parallel_workers_per_gather", "0"))
        if self.schema:
            settings.append(("search_path", sql.Identifier(self.schema).as_string(connection)))
        settings += self.settings
        connection.execute(
            sql.SQL("select {}").format(
                sql.SQL(", ").join(sql.SQL("set_config({}, {}, true)").format(name, value) for name, value in settings)
            )
        )
        if not self.low_impact:
            # where the server gives more, that stays
            connection.execute(
                "select set_config('work_mem', %s, true) where pg_size_bytes(current_setting('work_mem'))"
                " < pg_size_bytes(%s)",
                [_WORK_MEMORY, _WORK_MEMORY],
            )
        for name, value in _OPTIONAL:
            with contextlib.suppress(psycopg.Error), connection.transaction():
                connection.execute(sql.SQL("select set_config({}, {}, true)").format(name, value))

    def _close(self, connection: psycopg.Connection) -> None:
        with self._lock:
            if connection in self._open:
                self._open.remove(connection)
        with contextlib.suppress(psycopg.Error):
            connection.close()
