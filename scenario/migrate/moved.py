"""Where the old tables are: in the schema public, in the schema migration after the switch, or dropped by contract.

Their names are views from the switch on, and mean nothing after `retire`.
"""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit import session
from order_audit.errors import RefusalError

#: Tables of fixes that have names of tables.
_NAMING: Final = ("journal", "todo", "refused")

#: By the catalogs alone: to_regclass fails for a role that may not use the schema.
_PLACE: Final = """
with found as (
  select t.name, n.nspname as home, c.relkind as kind
  from (values ('customers'), ('orders')) as t (name)
  left join pg_catalog.pg_class as c on c.oid = to_regclass(t.name)
  left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
), moved as (
  select count(*) as tables
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'migration' and c.relname in ('customers', 'orders') and c.relkind = 'r'
), place as (
  select coalesce(bool_and(f.home = 'migration'), false) as are_tables,
    coalesce(bool_and(f.home = 'public' and f.kind = 'v'), false) as are_views, bool_and(f.home is null) as are_gone
  from found as f
)
select m.tables = 2 and (p.are_tables or p.are_views),
  (p.are_views or p.are_gone) and m.tables = 0 and exists (
    select from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'sales' and c.relname = 'order_status_changes'
  )
from place as p
cross join moved as m
"""


def are_moved(connection: psycopg.Connection) -> bool:
    """Return whether the names customers and orders mean tables that the switch has moved to the schema migration."""
    return bool(session.row(connection, _PLACE)[0])


def are_dropped(connection: psycopg.Connection) -> bool:
    """Return whether `contract` has dropped the old tables: the names customers and orders mean views, or nothing."""
    return bool(session.row(connection, _PLACE)[1])


def follow(connection: psycopg.Connection) -> bool:
    """Let the names customers and orders mean the moved tables in this session; return whether they are moved.

    Raises RefusalError if the role may not use their schema.
    """
    if not are_moved(connection):
        return False
    may, role = session.row(connection, "select has_schema_privilege('migration', 'usage'), quote_ident(current_user)")
    if not may:
        raise RefusalError(
            "customers and orders are views since the switch of 'order-audit migrate', and role"
            f" {role} may not use the schema of their tables: grant usage on schema migration to {role}, and the"
            " privileges on its tables customers and orders"
        )
    connection.execute("select set_config('search_path', 'migration, ' || current_setting('search_path'), false)")
    return True


def rename_in_undo_log(connection: psycopg.Connection) -> None:
    """Let the undo log of fixes name the old tables where they are now, or were before `contract`."""
    gone, dropped = session.row(connection, _PLACE)
    was, now = ("public", "migration") if gone or dropped else ("migration", "public")
    for table in _NAMING:
        may = "select has_table_privilege(to_regclass(%s), 'update')"
        if session.is_true(connection, may, [f"order_audit.{table}"]):
            connection.execute(
                f"update order_audit.{table} set tab = replace(tab, %s, %s) where tab = any(%s)".encode(),
                [f"{was}.", f"{now}.", [f"{was}.customers", f"{was}.orders"]],
            )
