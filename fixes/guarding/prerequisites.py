"""Prerequisites of guards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_file import NEED, guards
from order_audit.fixes.guarding.guard_state import error_line, rejected_rows_sql, state
from order_audit.fixes.guarding.stored_definition import ruled_out

_KEY: Final = """
select exists (
  select
  from pg_index as i
  join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
  where i.indrelid = %s::regclass and a.attname = %s and i.indnkeyatts = 1
    and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null
)
"""


def missing_prerequisite(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> str:
    """What a guard needs and this database has not, in words; nothing where it has all.

    The guards in `coming` count as there.
    """
    if table := missing_table(connection, guard):
        return f"there is no table {table}"
    try:
        with connection.transaction():
            connection.execute(f"explain {rejected_rows_sql(connection, guard)}".encode())
    except psycopg.ProgrammingError as error:
        return error_line(error)
    for _, kind, table, column, thing, name in _needs(guard):
        if kind == "key" and not session.is_true(connection, _KEY, [table, column]):
            return f"{table}.{column} has no unique index: make it the primary key"
        if kind == "not null" and not ruled_out(connection, table, f"{column} is null"):
            return f"{table}.{column} may be null"
        if thing == "encoding" and not session.is_true(connection, "select lower(getdatabaseencoding()) = %s", [name]):
            return f"the database's encoding is not {name}"
        if thing == "guard" and name not in coming and state(connection, guards()[name]) != "valid":
            return f"it builds on the guard {name}, which is not there"
    return ""


def missing_table(connection: psycopg.Connection, guard: Guard) -> str:
    """A table that a guard is on or needs, and that is not here; empty where all are."""
    tables = {guard_object.table for guard_object in guard.objects if guard_object.table} | {
        need[2] for need in _needs(guard) if need[2]
    }
    there = "select to_regclass(%s) is not null"
    return next((table for table in sorted(tables) if not session.is_true(connection, there, [table])), "")


def _needs(guard: Guard) -> list[tuple[str, ...]]:
    matches = (NEED.fullmatch(need) for need in guard.requires)
    return [
        (need[0], need[1] or "", need[2] or "", need[3] or "", need[4] or "", need[5] or "") for need in matches if need
    ]
