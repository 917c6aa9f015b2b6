"""How the server stores a definition, and what the constraints of a table rule out."""

from __future__ import annotations

from typing import Any, Final, cast

import psycopg
from psycopg import errors

from order_audit import session
from order_audit.fixes.names import literal

#: A temporary copy of a table's columns: what a definition reads like once the server has taken it.
SAME: Final = "pg_temp.order_audit_same"
_SAME_NAME: Final = SAME.removeprefix("pg_temp.")


def ruled_out(connection: psycopg.Connection, table: str, condition: str) -> bool:
    """Whether constraints of a table that hold for all its rows rule out any row of this condition.

    The planner proves it: it plans not to read the table at all. False where it finds no proof. Of a table that has
    partitions or children, only constraints count that new ones get, too.
    """
    try:
        with connection.transaction(force_rollback=True):
            source = f"only {table}"
            if session.is_true(connection, _PARENT.format(table=literal(table))):
                # the planner reads no row of a partitioned table itself, whatever its constraints are
                _copy_inherited(connection, table)
                source = SAME
            connection.execute("set local constraint_exclusion = on")
            plans = session.scalar(
                connection, f"explain (format json, costs off) select from {source} where {condition}"
            )
    except (errors.UndefinedFunction, errors.InvalidSchemaName):  # of ours, and not made yet
        return False
    except errors.ReadOnlySqlTransaction:  # no copy can be made
        return False
    plan: dict[str, Any] = plans[0]["Plan"] if plans else {}
    return plan.get("One-Time Filter") == "false"


_PARENT: Final = """select exists (
  select from pg_catalog.pg_class as c
  where c.oid = to_regclass({table})
    and (c.relkind = 'p' or exists (select from pg_catalog.pg_inherits as i where i.inhparent = c.oid))
)"""
#: The query of the statements that add a table's valid inherited constraints to a copy of its columns.
_INHERITED: Final = f"""
select 'alter table {SAME} add ' || pg_get_constraintdef(k.oid)
from pg_catalog.pg_constraint as k
where k.conrelid = to_regclass({{table}}) and k.contype = 'c' and k.convalidated and not k.connoinherit
union all
-- PostgreSQL 18 has NOT NULLs that are not validated, or not inherited
select format('alter table {SAME} alter column %I drop not null', a.attname)
from pg_catalog.pg_constraint as k
join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.conrelid = to_regclass({{table}}) and k.contype = 'n' and not (k.convalidated and not k.connoinherit)
"""


def _copy_inherited(connection: psycopg.Connection, table: str) -> None:
    connection.execute(f"create temporary table {_SAME_NAME} (like {table} including generated)".encode())
    for (statement,) in connection.execute(_INHERITED.format(table=literal(table)).encode()).fetchall():
        connection.execute(statement.encode())


def stored_definition(connection: psycopg.Connection, table: str, statement: str, query: str) -> str | None:
    """How the server writes down what a statement makes of a copy of the table; None where nothing may be written."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"create temporary table {_SAME_NAME} (like {table})".encode())
            connection.execute(statement.encode())
            return cast("str | None", session.scalar(connection, query))
    except errors.ReadOnlySqlTransaction:
        return None
