"""Where the old tables are: in the schema public, in the schema migration after the switch, or dropped by contract."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit import session

#: Tables of fixes that have names of tables.
_NAMING: Final = ("journal", "todo", "refused")

_PLACE: Final = """
select
  coalesce(bool_and(n.nspname = 'migration' and c.relkind = 'r'), false)
    or coalesce(bool_and(n.nspname = 'public' and c.relkind = 'v'), false)
      and to_regclass('migration.customers') is not null and to_regclass('migration.orders') is not null,
  coalesce(bool_and(n.nspname = 'public' and c.relkind = 'v'), false)
    and to_regclass('sales.orders') is not null and to_regnamespace('migration') is null
from (values ('customers'), ('orders')) as t (name)
left join pg_catalog.pg_class as c on c.oid = to_regclass(t.name)
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
"""


def are_moved(connection: psycopg.Connection) -> bool:
    """Return whether the names customers and orders mean tables that the switch has moved to the schema migration."""
    return bool(session.row(connection, _PLACE)[0])


def are_dropped(connection: psycopg.Connection) -> bool:
    """Return whether the names customers and orders mean views, and `contract` has dropped the old tables."""
    return bool(session.row(connection, _PLACE)[1])


def follow(connection: psycopg.Connection) -> bool:
    """Let the names customers and orders mean the moved tables in this session; return whether they are moved."""
    if not are_moved(connection):
        return False
    connection.execute("select set_config('search_path', 'migration, ' || current_setting('search_path'), false)")
    return True


def rename_in_undo_log(connection: psycopg.Connection) -> None:
    """Let the undo log of fixes name the old tables where they are now, or were before `contract`."""
    has_views = session.is_true(
        connection,
        "select to_regclass('sales.orders') is not null and exists ("
        " select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind = 'v')",
    )
    was, now = ("public", "migration") if has_views else ("migration", "public")
    if not has_views and session.is_true(connection, "select to_regclass('migration.orders') is not null"):
        return
    for table in _NAMING:
        may = "select has_table_privilege(to_regclass(%s), 'update')"
        if session.is_true(connection, may, [f"order_audit.{table}"]):
            connection.execute(
                f"update order_audit.{table} set tab = replace(tab, %s, %s) where tab = any(%s)".encode(),
                [f"{was}.", f"{now}.", [f"{was}.customers", f"{was}.orders"]],
            )
