"""The facts of the audited database."""

from __future__ import annotations

from order_audit import search_path, session
from order_audit.audit.database import catalog
from order_audit.audit.database.dsn import described
from order_audit.audit.database.privileges import beyond_reading
from order_audit.audit.database.snapshot import Snapshot
from order_audit.foreign_code import HOME
from order_audit.reports.document import Database


def audited_database(snapshot: Snapshot, schema: str) -> Database:
    """Return the database of a snapshot; `schema` has the requested ones, if any."""
    connection = snapshot.connection
    version, current, user = session.row(
        connection, f"select current_setting('server_version'), coalesce({HOME}, ''), current_user"
    )
    name, host = described(connection)
    schemas = search_path.names(schema)
    return Database(
        server_version=version,
        name=name,
        host=host,
        schema=schemas[0] if schemas else current,
        further_schemas=schemas[1:],
        user=user,
        encoding=catalog.encoding(connection),
        snapshot=snapshot.id,
        cluster=session.system_identifier(connection),
        foreign_code=tuple(it.text for it in snapshot.foreign),
        beyond_reading=beyond_reading(connection, schemas or ([current] if current else [])),
    )


def as_identifier(snapshot: Snapshot, name: str) -> str:
    """Return a name as an identifier, quoted if necessary."""
    return str(session.scalar(snapshot.connection, "select quote_ident(%s)", [name]))
