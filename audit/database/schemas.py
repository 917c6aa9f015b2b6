"""Schemas that a command names."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from order_audit import session
from order_audit.errors import RunError


def refuse_missing(connection: psycopg.Connection, schemas: Sequence[str]) -> None:
    """Raise RunError if one of the schemas does not exist."""
    missing = session.scalar(
        connection,
        "select s.name from unnest(%s::text[]) with ordinality as s (name, number)"
        " where not exists (select from pg_namespace as n where n.nspname = s.name) order by s.number",
        [list(schemas)],
    )
    if missing is not None:
        raise RunError(f"there is no schema '{missing}' in database {connection.info.dbname}")
