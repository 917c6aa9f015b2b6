"""The connection of the commands `order-audit migrate …`: warnings of its files, missing roles and privileges."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from order_audit.audit.cli.fixes_connection import refuse_foreign
from order_audit.audit.cli.options import say
from order_audit.progress import NoteCallback, ignore_note

if TYPE_CHECKING:
    import psycopg

    from order_audit.scenario.migrate.steps import Step


#: The schemas of the tables before and after, of their parts for applications, and of the migration itself.
_SCHEMAS: Final = ("public", "sales", "sales_private", "sales_old", "migration")


@contextmanager
def connected(dsn: str | None, *, changes: bool = False) -> Iterator[tuple[psycopg.Connection, list[Step]]]:
    """Connect with autocommit; yield the connection and the steps of the migration.

    A command that `changes` nothing is one transaction, which is rolled back. Raises RefusalError where other roles may
    create functions in a schema of the migration.
    """
    from order_audit import session
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database import pooler
    from order_audit.audit.database.lost import UNCHANGED, telling
    from order_audit.foreign_code import schemas_of
    from order_audit.scenario.load import PROPOSED
    from order_audit.scenario.migrate.steps import steps

    place = dsns.resolve(dsn)
    with (
        dsns.connect(place, autocommit=True) as connection,
        telling(connection, "finished steps and copied rows stay" if changes else UNCHANGED),
        pooler.one_session(connection, dsns.another(connection, place)) if changes else session.rolled_back(connection),
    ):
        session.prepare(connection)
        session.configure(connection, [("application_name", "order-audit migrate")])  # as its files, for monitoring
        refuse_foreign(connection, dict.fromkeys((*schemas_of(connection), *_SCHEMAS)))
        yield connection, steps(PROPOSED)


def warn(notice: psycopg.errors.Diagnostic) -> None:
    """Print what a file warns of: objects of others that it drops."""
    if notice.severity_nonlocalized == "WARNING":
        say(f"warning: {notice.message_primary}")


def waits(*, quiet: bool) -> NoteCallback:
    """Return a function that prints a note to stderr, whole: beside a progress bar, it might have no room."""
    return ignore_note if quiet else lambda note: print(note, file=sys.stderr, flush=True)


def roles_line(connection: psycopg.Connection) -> str:
    """Return a line on the roles of the proposed schema that are missing, after an empty one; empty if none is."""
    from order_audit.scenario.migrate.roles import missing_roles

    missing = missing_roles(connection)
    grant = "select sales_private.grant_roles()"
    if missing.absent:
        then = f"; then run as the owner: {grant}" if missing.schema_exists else ""
        return (
            f"\n\nroles that do not exist: {', '.join(missing.absent)}."
            f" An administrator runs scenario/proposed/roles.sql with psql{then}"
        )
    if missing.without_privileges:
        return f"\n\nroles without privileges: {', '.join(missing.without_privileges)}. Run as the owner: {grant}"
    return ""


def privileges_line(connection: psycopg.Connection) -> str:
    """Return lines on helpful privileges that this role lacks, after an empty one; empty if it has all."""
    from order_audit.scenario.migrate.roles import missing_privileges

    if not (missing := missing_privileges(connection)):
        return ""
    width = max(len(effect) for effect, _ in missing)
    return "\n\nprivileges that this role lacks; an administrator grants them:" + "".join(
        f"\n  {effect:{width}}  {granting}" for effect, granting in missing
    )
