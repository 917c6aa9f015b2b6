"""Which database is audited."""

from __future__ import annotations

import psycopg

from order_audit.audit.database import catalog
from order_audit.audit.database.dsn import described
from order_audit.audit.database.snapshot import Snapshot
from order_audit.errors import RunError
from order_audit.reports.document import Database


def audited_database(snapshot: Snapshot, schema: str) -> Database:
    """The database of a snapshot; `schema` is the one that was asked for, if any.

    Raises RunError where that does not exist.
    """
    connection = snapshot.connection
    row = connection.execute(
        "select current_setting('server_version'), coalesce(current_schema(), ''), current_user"
    ).fetchone()
    assert row is not None  # noqa: S101 - one row by construction
    name, host = described(connection)
    if schema and not _has_schema(snapshot, schema):
        raise RunError(f"there is no schema '{schema}' in database {name}")
    return Database(
        server_version=row[0],
        name=name,
        host=host,
        schema=snapshot.schema or row[1],
        user=row[2],
        encoding=catalog.encoding(connection),
        snapshot=snapshot.id,
        cluster=_cluster(snapshot),
    )


def as_identifier(snapshot: Snapshot, name: str) -> str:
    """A name as an identifier, in quotes where it needs them."""
    row = snapshot.connection.execute("select quote_ident(%s)", [name]).fetchone()
    return str(row[0]) if row else name


def _has_schema(snapshot: Snapshot, schema: str) -> bool:
    return snapshot.connection.execute("select from pg_namespace where nspname = %s", [schema]).rowcount > 0


def _cluster(snapshot: Snapshot) -> str:
    try:
        with snapshot.connection.transaction():
            row = snapshot.connection.execute("select system_identifier::text from pg_control_system()").fetchone()
    except psycopg.Error:
        return ""
    return str(row[0]) if row else ""
