"""Helpers for the tests of installed guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from order_audit.fixes.guarding.guard import Guard, home
from order_audit.fixes.guarding.guard_file import guards

GUARDS = guards()


@contextmanager
def connected(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection that commits by itself."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def named(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """All that stands on tables under our name, with its oid: another oid means that it was made anew."""
    return connection.execute(
        """
        select 'constraint', conname::text, oid, convalidated from pg_constraint where conname like 'order\\_audit\\_%'
        union all
        select 'index', indexrelid::regclass::text, indexrelid, indisvalid
        from pg_index where indexrelid::regclass::text like 'order\\_audit\\_%'
        union all
        select 'trigger', tgname::text, oid, tgenabled = 'O' from pg_trigger where tgname like 'order\\_audit\\_%'
        order by 1, 2
        """
    ).fetchall()


def made(guard: Guard) -> list[str]:
    """The statements that make a guard, one by one."""
    return [
        made.text
        for made in [*home(guard), *(made for guard_object in guard.objects for made in guard_object.create_sql())]
    ]
