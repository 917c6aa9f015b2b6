"""The facts of the audited database."""

from __future__ import annotations

from order_audit import session
from order_audit.audit.database import catalog
from order_audit.audit.database.dsn import described
from order_audit.audit.database.snapshot import Snapshot
from order_audit.errors import RunError
from order_audit.reports.document import Database


def audited_database(snapshot: Snapshot, schema: str) -> Database:
    """Return the database of a snapshot; `schema` is the requested one, if any.

    Raises RunError where that does not exist.
    """
    connection = snapshot.connection
    version, current, user = session.row(
        connection, "select current_setting('server_version'), coalesce(current_schema(), ''), current_user"
    )
    name, host = described(connection)
    if schema and not _has_schema(snapshot, schema):
        raise RunError(f"there is no schema '{schema}' in database {name}")
    return Database(
        server_version=version,
        name=name,
        host=host,
        schema=snapshot.schema or current,
        user=user,
        encoding=catalog.encoding(connection),
        snapshot=snapshot.id,
        cluster=session.system_identifier(connection),
    )


def as_identifier(snapshot: Snapshot, name: str) -> str:
    """Return a name as an identifier, quoted if necessary."""
    return str(session.scalar(snapshot.connection, "select quote_ident(%s)", [name]))


def _has_schema(snapshot: Snapshot, schema: str) -> bool:
    return snapshot.connection.execute("select from pg_namespace where nspname = %s", [schema]).rowcount > 0
