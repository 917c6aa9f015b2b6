"""The roles of the proposed schema and the privileges of the one that migrates: what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg

_READ: Final = """
select r.name, to_regrole(r.name) is null, n.oid is not null
from unnest('{sales_app,sales_job,sales_delivery,sales_reader,sales_auditor}'::text[])
  with ordinality as r (name, place)
left join pg_catalog.pg_namespace as n on n.nspname = 'sales'
where to_regrole(r.name) is null or not has_schema_privilege(to_regrole(r.name)::oid, n.oid, 'usage')
order by r.place
"""


@dataclass(frozen=True)
class MissingRoles:
    """Roles that do not exist, and roles that may not use the schema yet."""

    absent: tuple[str, ...]
    without_privileges: tuple[str, ...]
    schema_exists: bool


def missing_roles(connection: psycopg.Connection) -> MissingRoles:
    """Return the roles of the proposed schema that do not exist or lack privileges."""
    rows = connection.execute(_READ.encode()).fetchall()
    return MissingRoles(
        tuple(name for name, absent, _ in rows if absent),
        tuple(name for name, absent, _ in rows if not absent),
        any(exists for *_, exists in rows),
    )


_HELPFUL: Final = """
select p.effect, format(p.statement, current_user)
from (values
  (
    1, has_parameter_privilege('deadlock_timeout', 'set'), 'steps wait until an autovacuum of a table has ended',
    'grant set on parameter deadlock_timeout to %I'
  ),
  (
    2, pg_has_role('pg_read_all_stats', 'usage'), 'sessions and replicas of other roles are hidden',
    'grant pg_read_all_stats to %I'
  ),
  (
    3, pg_has_role('pg_signal_backend', 'usage'), 'this role may not end sessions that are in the way',
    'grant pg_signal_backend to %I'
  )
) as p (place, is_granted, effect, statement)
where not p.is_granted
order by p.place
"""


def missing_privileges(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Return what the lack of each privilege means that the migration can do without, and the statement to grant it."""
    return connection.execute(_HELPFUL.encode()).fetchall()
