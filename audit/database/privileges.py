"""What the role of a session may do besides reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import psycopg

#: Attributes of roles, and predefined roles, that allow more than reading.
_ATTRIBUTES: Final = {
    "rolsuper": "is a superuser",
    "rolcreaterole": "may create roles",
    "rolcreatedb": "may create databases",
    "rolreplication": "may replicate",
}
_ROLES: Final = (
    "pg_write_all_data", "pg_read_server_files", "pg_write_server_files", "pg_execute_server_program",
    "pg_signal_backend", "pg_checkpoint", "pg_maintain", "pg_create_subscription", "pg_database_owner",
)  # fmt: skip
_QUERY: Final = """
with role as (
  select r.*
  from pg_catalog.pg_roles as r
  where r.rolname = current_user
)
select
  to_jsonb(r.*),
  array(
    select p.rolname::text
    from pg_catalog.pg_roles as p
    where p.rolname = any(%(roles)s) and pg_catalog.pg_has_role(r.oid, p.oid, 'usage')
    order by p.rolname
  ),
  (
    select count(*)
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'f', 'v')
      and pg_catalog.has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')
  ),
  array(
    select n.nspname::text
    from pg_catalog.pg_namespace as n
    where n.nspname = any(%(schemas)s) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'create')
    order by n.nspname
  )
from role as r
"""


def beyond_reading(connection: psycopg.Connection, schemas: Sequence[str]) -> tuple[str, ...]:
    """Return what the session's role may do besides reading tables of these schemas, in words; nothing for a reader."""
    row = connection.execute(_QUERY.encode(), {"roles": list(_ROLES), "schemas": list(schemas)}).fetchone()
    if row is None:  # a role that was dropped meanwhile
        return ()
    role, roles, tables, creates = row
    if role["rolsuper"]:
        return (_ATTRIBUTES["rolsuper"],)
    found = [words for name, words in _ATTRIBUTES.items() if role[name]]
    found += [f"is a member of {name}" for name in roles]
    if tables:
        found.append(f"may change {tables:,} {'table' if tables == 1 else 'tables'}")
    found += [f"may create objects in schema {name}" for name in creates]
    return tuple(found)
