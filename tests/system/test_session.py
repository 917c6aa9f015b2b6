"""The session: what it sets holds, and ends where it is to end."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from order_audit import session
from order_audit.errors import RefusalError
from order_audit.fixes.fix import journal

pytestmark = pytest.mark.both_versions


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as found:
        yield found


def current(connection: psycopg.Connection) -> tuple[session.Setting, ...]:
    return tuple(
        (name, session.scalar(connection, "select current_setting(%s)", [name])) for name, _ in session.SETTINGS
    )


def test_statements_set_what_a_session_sets(connection: psycopg.Connection) -> None:
    """An emitted file and the program see the same values."""
    assert current(connection) != session.SETTINGS
    with connection.transaction(force_rollback=True):
        for statement in session.set_statements():
            connection.execute(statement.encode())
        assert current(connection) == session.SETTINGS
    with connection.transaction():
        session.configure(connection, local=True)
        assert current(connection) == session.SETTINGS
    assert current(connection) != session.SETTINGS
    session.configure(connection)
    assert current(connection) == session.SETTINGS


def test_timeouts_end_with_their_block(connection: psycopg.Connection) -> None:
    shown = "select current_setting('lock_timeout'), current_setting('statement_timeout')"
    connection.execute("set lock_timeout = '7s'")
    with session.timeouts(connection, lock=200, statement=0):
        assert session.row(connection, shown) == ("200ms", "0")
    assert session.row(connection, shown) == ("7s", "0")
    with connection.transaction():
        session.set_timeouts(connection, lock=1)
        session.set_timeouts(connection, statement=3000)
        assert session.row(connection, shown) == ("1ms", "3s")
    assert session.row(connection, shown) == ("7s", "0")


def test_a_large_work_memory_stays(connection: psycopg.Connection) -> None:
    for given, becomes in (("4MB", "64MB"), ("128MB", "128MB")):
        with connection.transaction():
            connection.execute(f"set local work_mem = '{given}'".encode())
            session.raise_work_memory(connection)
            assert session.scalar(connection, "show work_mem") == becomes


def test_the_lock_is_for_one_session(connection: psycopg.Connection, dsn: str) -> None:
    with session.advisory_lock(connection):
        assert session.is_locked(connection)
        with (
            psycopg.connect(dsn, autocommit=True) as other,
            pytest.raises(RefusalError, match="another run"),
            session.advisory_lock(other),
        ):
            pass
    assert not session.is_locked(connection)


def test_scripts_and_the_program_take_the_same_lock() -> None:
    assert journal().count(f"x'{session.LOCK:X}'::bigint") == 2


def test_a_role_without_the_right_reads_no_system_identifier(connection: psycopg.Connection) -> None:
    assert session.system_identifier(connection).isdigit()
    connection.execute("revoke execute on function pg_control_system from public")
    connection.execute("create role session_reader")
    try:
        connection.execute("set role session_reader")
        assert session.system_identifier(connection) == ""
    finally:
        connection.execute("reset role")
        connection.execute("drop role session_reader")
