"""Prerequisites of guards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_state import error_line, rejected_rows_sql, state
from order_audit.fixes.guarding.stored_definition import ruled_out
from order_audit.fixes.names import listed, written

_KEY: Final = """
select exists (
  select
  from pg_index as i
  where i.indrelid = %s::regclass
    and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null
    and not exists (
      select
      from unnest((i.indkey::smallint[])[0 : i.indnkeyatts - 1]) as k (attnum)
      left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
      where a.attname is null or a.attname <> all(%s)
    )
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
    for kind, table, columns, name in guard.needs:
        if kind == "key" and not session.is_true(connection, _KEY, [table, list(columns)]):
            key = f"{table}{'.' if len(columns) == 1 else ' '}{listed(columns)}"
            return f"{key} has no unique index: make it the primary key"
        if kind == "not null" and not ruled_out(connection, table, f"{written(columns[0])} is null"):
            return f"{table}.{written(columns[0])} may be null"
        if kind == "encoding" and not session.is_true(connection, "select lower(getdatabaseencoding()) = %s", [name]):
            return f"the database's encoding is not {name}"
    for other in guard.required:
        if other.name not in coming and state(connection, other) != "valid":
            return f"it builds on the guard {other.name}, which is not there"
    return ""


def missing_table(connection: psycopg.Connection, guard: Guard) -> str:
    """A table that a guard is on or needs, and that is not here; empty where all are."""
    tables = {need.table for need in guard.needs if need.table}
    for guard_object in guard.objects:
        tables |= {name for name in (guard_object.table, *guard_object.others) if name}
    there = "select to_regclass(%s) is not null"
    return next((table for table in sorted(tables) if not session.is_true(connection, there, [table])), "")
