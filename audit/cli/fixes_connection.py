"""The connection of the commands `order-audit fixes …`, and databases that they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from order_audit.audit.cli.options import say
from order_audit.errors import RunError

if TYPE_CHECKING:
    import psycopg

    from order_audit.foreign_code import ForeignCode


@contextmanager
def connected(
    dsn: str | None, schema: str, *, changes: bool = False, sound: bool = False
) -> Iterator[psycopg.Connection]:
    """Connect with autocommit and the schema as search path; after a switch, with that of the moved tables first.

    A command that `changes` nothing is one transaction, which is rolled back. Where other roles may create functions in
    a schema of the search path, raises RefusalError for one that changes or needs a `sound` path; else warns.
    """
    from order_audit import search_path, session
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database import pooler
    from order_audit.audit.database.lost import UNCHANGED, telling
    from order_audit.audit.database.schemas import refuse_missing
    from order_audit.foreign_code import restrict, schemas_of
    from order_audit.scenario.migrate.moved import follow

    place = dsns.resolve(dsn)
    with (
        dsns.connect(place, autocommit=True, one_statement=True) as connection,
        telling(connection, "what was committed stays and is in the undo log" if changes else UNCHANGED),
        pooler.one_session(connection, dsns.another(connection, place)) if changes else session.rolled_back(connection),
    ):
        session.prepare(connection)
        if schema:
            session.configure(connection, [("search_path", search_path.setting(schema))])
        schemas = search_path.names(schema) or schemas_of(connection)
        found = refuse_foreign(connection, schemas) if changes or sound else warn_foreign(connection, schemas)
        restrict(connection, schemas, found, copies=True)
        refuse_missing(connection, search_path.names(schema))
        if follow(connection):
            restrict(connection, ("migration", *schemas), found, copies=True)
            say(
                "customers and orders are views since the switch of 'order-audit migrate': fixes change their tables,"
                " in schema migration, and install no guards"
            )
        yield connection


def refuse_foreign(connection: psycopg.Connection, schemas: Iterable[str]) -> list[ForeignCode]:
    """Raise RefusalError if a role besides the owner's may create in a schema, or has created what we may call."""
    from order_audit.errors import RefusalError
    from order_audit.foreign_code import foreign_code

    if found := foreign_code(connection, (*schemas, "order_audit")):
        raise RefusalError("; ".join(it.text for it in found))
    return []


def warn_foreign(connection: psycopg.Connection, schemas: Iterable[str]) -> list[ForeignCode]:
    """Print a warning for each such schema; return them."""
    from order_audit.foreign_code import foreign_code

    found = foreign_code(connection, list(schemas))
    for it in found:
        say(f"warning: {it.text}")
    return found


def refuse_dropped(connection: psycopg.Connection, suite: list[str] | None, folder: Path | None) -> None:
    """Raise RefusalError if the fixes are those of tables that a migration has dropped."""
    from order_audit.errors import RefusalError
    from order_audit.scenario.migrate.moved import are_dropped

    if (suite or ["current"]) == ["current"] and folder is None and are_dropped(connection):
        raise RefusalError(
            "'order-audit migrate contract' dropped the tables that these fixes change: 'order-audit run --suite"
            " proposed' audits the new tables"
        )


def refuse_standby(connection: psycopg.Connection) -> None:
    """Raise RunError on a standby."""
    from order_audit import session

    if session.scalar(connection, "select pg_is_in_recovery()"):
        raise RunError("a standby cannot create the temporary tables of a plan: use the DSN of the primary")
