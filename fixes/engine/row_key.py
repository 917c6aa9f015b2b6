"""Whether the key of a change identifies rows of its table."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.fixes.names import listed, parts

#: The table has a unique index on these columns, or on some of them.
_IS_UNIQUE = """
    select exists (
      select from pg_index as i
      where i.indrelid = to_regclass(%(table)s) and i.indisunique and i.indisvalid and i.indpred is null
        and not exists (
          select from unnest((i.indkey::smallint[])[0 : i.indnkeyatts - 1]) as k (attnum)
          left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
          where a.attname is null or a.attname <> all(%(key)s)
        )
    )
"""


def key_obstacle(connection: psycopg.Connection, table: str, key: Sequence[str]) -> str:
    """Return why a key does not identify rows of a table; empty if it does, or if the table lacks it.

    A table with inheritance children is read, because no index covers them.
    """
    if not has_columns(connection, table, key):
        return ""
    if not session.is_true(connection, _IS_UNIQUE, {"table": table, "key": list(key)}):
        return f"{listed(key)} is not unique in {table}: that takes a valid unique index on it, without a condition"
    if has_children(connection, table) and session.is_true(connection, _repeated(table, key)):
        return f"{listed(key)} is not unique in {table} and the tables that inherit from it"
    return ""


def has_columns(connection: psycopg.Connection, table: str, key: Sequence[str]) -> bool:
    """Return whether a table exists and has the columns of a key."""
    columns = session.scalar(
        connection,
        "select count(*) from pg_attribute as a where a.attrelid = to_regclass(%s) and a.attname = any(%s)"
        " and a.attnum > 0 and not a.attisdropped",
        [table, list(key)],
    )
    return bool(columns == len(set(key)))


def has_children(connection: psycopg.Connection, table: str) -> bool:
    """Return whether other tables inherit from a table that is not partitioned."""
    return session.is_true(
        connection,
        "select exists (select from pg_inherits as i join pg_class as c on c.oid = i.inhparent"
        " where c.oid = to_regclass(%s) and c.relkind <> 'p')",
        [table],
    )


def _repeated(table: str, key: Sequence[str]) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, key))
    return sql.SQL("select exists (select from {} group by {} having count(*) > 1)").format(
        sql.Identifier(*parts(table)), columns
    )
