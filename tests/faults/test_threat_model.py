"""Promises of the threat model in docs/security.md: each names a test that exists, and some are tested here."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from tests.faults.commands import APPLY, SUITE
from tests.support.program import order_audit

TESTS = Path(__file__).parents[1]
_PROMISE = re.compile(r"`(\w+/\w+\.py)::(\w+)`")


def test_each_promise_names_a_test_that_exists() -> None:
    text = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.split("## Threat model")[1].splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| promised", "| ---"))]
    assert len(promises) > 20
    for row in promises:
        named = _PROMISE.findall(row)
        assert named, row
        for module, test in named:
            assert f"def {test}(" in (TESTS / module).read_text(encoding="utf-8"), row


@pytest.fixture
def stranger(dsn: str) -> str:
    """The DSN of a role that may insert into the guarded table and may read nothing, after `fixes apply`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((SUITE / "tables.sql").read_bytes())
        assert order_audit(*APPLY, "--dsn", dsn).returncode == 0
        connection.execute("drop role if exists stranger")
        connection.execute("create role stranger login")
        connection.execute("grant insert, update on parcels, senders to stranger")
    return psycopg.conninfo.make_conninfo(dsn, user="stranger")


def test_a_refusal_shows_no_row_to_whom_may_not_read_it(dsn: str, stranger: str) -> None:
    with psycopg.connect(stranger, autocommit=True) as connection:
        with pytest.raises(errors.UniqueViolation) as key:
            connection.execute("insert into senders values (9999, ' sender 7 ')")
        with pytest.raises(errors.CheckViolation) as row:
            connection.execute("update parcels set weight = -3")
    assert key.value.diag.message_detail is None
    assert row.value.diag.message_detail == "Failing row contains (weight) = (-3)."
    with psycopg.connect(dsn, autocommit=True) as owner, pytest.raises(errors.UniqueViolation, match=r"=\(sender 7\)"):
        owner.execute("insert into senders values (9999, ' sender 7 ')")
    _drop(dsn)


def test_nobody_else_reads_the_undo_log(dsn: str, stranger: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute(
            "select oid::regclass::text from pg_class where relnamespace = 'order_audit'::regnamespace"
            " and relkind in ('r', 'v')"
        ).fetchall()
        connection.execute("grant pg_monitor to stranger")
    assert len(tables) > 4
    with psycopg.connect(stranger, autocommit=True) as connection:
        for (table,) in tables:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"select from {table}".encode())
    _drop(dsn)


def _drop(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop owned by stranger")
        connection.execute("drop role stranger")


def test_the_embedded_server_is_private(server_18: Server) -> None:
    """Servers of the tests are started as the embedded one is."""
    assert server_18.socket.stat().st_mode & 0o077 == 0
    with psycopg.connect(server_18.dsn(), autocommit=True) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show unix_socket_permissions").fetchone() == ("0700",)
