"""A database session of this program: its settings, its timeouts, its advisory lock, and queries with one row."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import sql

from order_audit.errors import RefusalError

#: A parameter of the server and its value.
Setting: TypeAlias = tuple[str, str]
Composed: TypeAlias = sql.SQL | sql.Composed
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any] | None

#: A CHECK says nothing of rows that came in before its function was replaced, so that no plan may rely on it.
ALL_ROWS: Final[Setting] = ("constraint_exclusion", "off")
NO_JIT: Final[Setting] = ("jit", "off")
#: Of several connections that work at once: workers of each would take processors from the others, and repeat work.
NO_WORKERS: Final[tuple[Setting, ...]] = (("max_parallel_workers_per_gather", "0"),)
#: Exact texts of values, equal for all clients.
TEXTS: Final[tuple[Setting, ...]] = (
    ("extra_float_digits", "1"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "iso_8601"),
    ("timezone", "UTC"),
)
#: What the server understands by a text of SQL, and how it writes one.
SYNTAX: Final[tuple[Setting, ...]] = (
    ("standard_conforming_strings", "on"),
    ("backslash_quote", "safe_encoding"),
    ("quote_all_identifiers", "off"),  # we compare names that it has written
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("bytea_output", "hex"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
)
#: Settings of every session, with an error instead of hidden rows.
SETTINGS: Final[tuple[Setting, ...]] = (
    *TEXTS,
    *SYNTAX,
    ("row_security", "off"),  # a policy that would hide rows raises an error instead
    ALL_ROWS,
    NO_JIT,
)
#: Limits of every session. The server ends one whose client is gone, however silently: the client speaks once a minute.
LIMITS: Final[tuple[Setting, ...]] = (
    ("idle_in_transaction_session_timeout", "5min"),
    ("idle_session_timeout", "0"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "2min"),
)
#: Of servers from version 17 on, whose own limit may be less than a snapshot needs.
_NO_TRANSACTION_LIMIT: Final[Setting] = ("transaction_timeout", "0")
#: Further settings of a reading session.
READER: Final[tuple[Setting, ...]] = (("lock_timeout", "10s"),)
#: Further settings of a session that changes the database: the limits of a role are meant for its applications, and
#: batches read what others have changed meanwhile.
WRITER: Final[tuple[Setting, ...]] = (
    ("statement_timeout", "0"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    ("client_min_messages", "notice"),  # for the warnings of the migration's files
    *SYNTAX,
)
#: For the hash tables of grouping and joining millions of rows, which would otherwise spill to disk.
_WORK_MEMORY: Final = "64MB"
#: The interval at which the server checks for a dead client (PostgreSQL 14, if the operating system supports it).
_CLIENT_CHECK: Final = "1s"
#: The key of the advisory lock that lets one run of fixes, or of a migration, at a time into a database.
LOCK: Final = 0x6F72646572
#: Tries to take the lock, and seconds between them: the server needs a moment to notice a client that was killed.
_LOCK_TRIES: Final = 30
_LOCK_PAUSE: Final = 0.1


def row(connection: psycopg.Connection, query: str | Composed, parameters: Parameters = None) -> tuple[Any, ...]:
    """Return the one row of a query that has one by construction."""
    row = connection.execute(_encoded(query), parameters).fetchone()
    assert row is not None  # noqa: S101 - one row by construction
    return row


def scalar(connection: psycopg.Connection, query: str | Composed, parameters: Parameters = None) -> Any:
    """Return the first column of a query's first row; None where it has no row."""
    row = connection.execute(_encoded(query), parameters).fetchone()
    return row[0] if row else None


def is_true(connection: psycopg.Connection, query: str | Composed, parameters: Parameters = None) -> bool:
    """Return whether the first column of a query's first row is true."""
    return bool(scalar(connection, query, parameters))


def _encoded(query: str | Composed) -> bytes | Composed:
    return query.encode() if isinstance(query, str) else query


def configure(connection: psycopg.Connection, settings: Iterable[Setting] = SETTINGS, *, local: bool = False) -> None:
    """Set parameters of the session, or of the current transaction alone if `local`."""
    calls = [sql.SQL("pg_catalog.set_config({}, {}, {})").format(name, value, local) for name, value in settings]
    connection.execute(sql.SQL("select {}").format(sql.SQL(", ").join(calls)))


def limits(connection: psycopg.Connection) -> tuple[Setting, ...]:
    """Return the limits of a session on this server."""
    return (*LIMITS, _NO_TRANSACTION_LIMIT) if connection.info.server_version >= 170_000 else LIMITS


def prepare(connection: psycopg.Connection) -> None:
    """Give a session that changes the database our limits instead of those of its role."""
    configure(connection, (*limits(connection), *WRITER))
    check_client(connection)


def limit_note(connection: psycopg.Connection) -> str:
    """Return what to add to the message of a canceled statement: the limit of statements, if there is one."""
    # of the option, the role, the database or the server; the message itself is in the server's language
    limit = scalar(connection, "select nullif(current_setting('statement_timeout'), '0')")
    return f"; statement_timeout is {limit}: --statement-timeout SECONDS sets another" if limit else ""


@contextmanager
def rolled_back(
    connection: psycopg.Connection, level: psycopg.IsolationLevel = psycopg.IsolationLevel.REPEATABLE_READ
) -> Iterator[None]:
    """Within it, all is one transaction, which is rolled back: no row, temporary table or setting of the session stays.

    It may write, whatever the default of the role, except on a standby. Inside a transaction, it is a part of that one.
    Requires a connection in autocommit mode.
    """
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        with connection.transaction(force_rollback=True):
            yield
        return
    before = connection.isolation_level, connection.read_only
    connection.isolation_level = level
    connection.read_only = None if scalar(connection, "select pg_is_in_recovery()") else False
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        if not connection.closed:
            connection.isolation_level, connection.read_only = before


def set_statements(settings: Iterable[Setting] = SETTINGS) -> list[str]:
    """Return the settings as SET statements without semicolons, for a script."""
    return [
        f"set {name} = {value if value in ('on', 'off') or value.isdigit() else sql.Literal(value).as_string()}"
        for name, value in settings
    ]


def check_client(connection: psycopg.Connection, *, local: bool = False) -> None:
    """Let the server notice a client that died, where it can."""
    with contextlib.suppress(psycopg.Error), connection.transaction():
        configure(connection, [("client_connection_check_interval", _CLIENT_CHECK)], local=local)


def raise_work_memory(connection: psycopg.Connection) -> None:
    """Raise work_mem for the current transaction, unless the server gives more already."""
    connection.execute(
        "select set_config('work_mem', %s, true) where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes(%s)",
        [_WORK_MEMORY, _WORK_MEMORY],
    )


def set_timeouts(connection: psycopg.Connection, *, lock: int | None = None, statement: int | None = None) -> None:
    """Set timeouts of the current transaction, in milliseconds; 0 is no limit, None changes nothing."""
    limits = {"lock_timeout": lock, "statement_timeout": statement}
    configure(connection, [(name, str(limit)) for name, limit in limits.items() if limit is not None], local=True)


@contextmanager
def timeouts(connection: psycopg.Connection, *, lock: int, statement: int) -> Iterator[None]:
    """Within it, the session has these timeouts, in milliseconds; for statements that run outside a transaction."""
    names = ("lock_timeout", "statement_timeout")
    before = [(name, str(scalar(connection, "select current_setting(%s)", [name]))) for name in names]
    configure(connection, zip(names, (str(lock), str(statement)), strict=True))
    try:
        yield
    finally:
        if not connection.closed:
            configure(connection, before)


@contextmanager
def undone(connection: psycopg.Connection, *, may_lock: bool) -> Iterator[None]:
    """Within it, a text of others runs: what it does to the session is undone.

    A rollback keeps locks of the session, so those are released if the text `may_lock`.
    """
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        if may_lock and not connection.closed:
            with connection.transaction():
                connection.execute("select pg_advisory_unlock_all()")


@contextmanager
def advisory_lock(connection: psycopg.Connection) -> Iterator[None]:
    """Within it, no other run of fixes or of a migration works on this database.

    Raises RefusalError where one does. Waits three seconds for it: the server may not have noticed yet that an earlier
    run was killed.
    """
    for _ in range(_LOCK_TRIES):
        if scalar(connection, "select pg_try_advisory_lock(%s)", [LOCK]):
            break
        time.sleep(_LOCK_PAUSE)
    else:
        raise RefusalError("another run of fixes or a migration is active in this database: wait until it ends")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK])


def is_locked(connection: psycopg.Connection) -> bool:
    """Whether any session holds the advisory lock on this database."""
    return bool(
        scalar(
            connection,
            "select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 1"
            " and (classid::bigint << 32) + objid::bigint = %s"
            " and database = (select oid from pg_database where datname = current_database()))",
            [LOCK],
        )
    )


def system_identifier(connection: psycopg.Connection) -> str:
    """The identifier of the database cluster; empty where this role may not read it."""
    try:
        with connection.transaction():
            return str(scalar(connection, "select system_identifier::text from pg_control_system()"))
    except psycopg.Error:
        return ""
