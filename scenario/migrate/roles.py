"""The roles of the proposed schema: which do not exist, and which have no privileges yet."""

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
