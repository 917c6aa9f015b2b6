"""One read-only snapshot, and connections that share it.

All reads of an audit use the same exported repeatable-read snapshot, so its numbers are consistent while the database
is in use.
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

from order_audit import search_path, session
from order_audit.audit.database import watchdog
from order_audit.audit.database.dsn import connect
from order_audit.audit.database.lost import UNCHANGED, is_standby, lost
from order_audit.audit.database.schemas import refuse_missing
from order_audit.errors import RunError, StandbyError
from order_audit.foreign_code import ForeignCode, foreign_code, restrict, schemas_of
from order_audit.server_message import server_message


@dataclass
class Snapshot:
    """A repeatable-read, read-only transaction whose view other connections share.

    `schema` is the schema of the tables, or several (`ops,ref`); empty for the connection's search path. `timeout`
    limits each statement, in seconds; None for the server's limit. `low_impact` sessions have no parallel workers and
    the server's default memory. `settings` override ours.

    Then `schemas` are those of the search path, and `foreign` those of them that our own statements do not see.
    """

    dsn: str
    schema: str = ""
    timeout: float | None = None
    low_impact: bool = False
    settings: tuple[session.Setting, ...] = ()
    id: str = ""
    connection: psycopg.Connection = field(init=False)
    schemas: tuple[str, ...] = field(init=False, default=())
    foreign: tuple[ForeignCode, ...] = field(init=False, default=())
    _open: list[psycopg.Connection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cancelled: bool = False
    _limit: str = ""

    def __enter__(self) -> Self:
        given = search_path.names(self.schema)
        self.connection = self._connect()
        try:
            self._begin(self.connection)
            self.id = session.scalar(self.connection, "select pg_export_snapshot()")
            self._limit = session.limit_note(self.connection)
            refuse_missing(self.connection, given)
        except BaseException:
            self._close(self.connection)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = None if self._cancelled else self._failure(error)
        for connection in list(self._open):
            self._close(connection)
        if failure is not None:
            raise failure from None

    def _failure(self, error: BaseException | None) -> RunError | None:
        """Return what has ended the snapshot, if it is no error of the caller's. An unnoticed loss is one, too."""
        broken = [connection for connection in self._open if connection.closed]
        if broken and (error is None or isinstance(error, psycopg.Error)):
            return lost(broken, error or psycopg.OperationalError("the server has closed it"), UNCHANGED)
        if isinstance(error, psycopg.errors.SerializationFailure) and is_standby(self.connection):
            return StandbyError(server_message(error))
        if isinstance(error, psycopg.errors.QueryCanceled):
            return RunError(f"the server refused a statement: {server_message(error)}{self._limit}")
        return None

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

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def leave(self, connection: psycopg.Connection) -> None:
        """Close one of the connections."""
        self._close(connection)

    def renewed(self) -> psycopg.Connection:
        """Return the first connection, in a new transaction that sees current data. This ends the snapshot."""
        self.connection.rollback()
        restrict(self.connection, self.schemas, self.foreign)
        return self.connection

    def cancel(self) -> None:
        """Stop whatever is running on any of the connections, and let nothing new begin."""
        with self._lock:
            self._cancelled = True
            connections = list(self._open)
        silent = False
        for connection in connections:
            try:
                if not silent:
                    connection.cancel_safe(timeout=5)
            except psycopg.Error:
                silent = True
            if silent:  # nothing that it waits for arrives
                watchdog.sever(connection)

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
        settings = [*session.SETTINGS, *session.limits(connection), *session.READER]
        if self.timeout is not None:
            settings.append(("statement_timeout", f"{max(1, round(self.timeout * 1000))}ms"))
        if self.low_impact:
            settings += session.NO_WORKERS
        if self.schema:
            settings.append(("search_path", search_path.setting(self.schema)))
        settings += self.settings
        session.configure(connection, settings, local=True)
        if not self.id:
            self.schemas = search_path.names(self.schema) or schemas_of(connection)
            self.foreign = tuple(foreign_code(connection, self.schemas))
        restrict(connection, self.schemas, self.foreign)
        if not self.low_impact:
            session.raise_work_memory(connection)
        session.check_client(connection, local=True)

    def _close(self, connection: psycopg.Connection) -> None:
        with self._lock:
            if connection in self._open:
                self._open.remove(connection)
        with contextlib.suppress(psycopg.Error):
            connection.close()
