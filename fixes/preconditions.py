"""Whether fixes can be applied to this database at all: tables, rights, keys, row-level security."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from order_audit import session
from order_audit.errors import RefusalError
from order_audit.fixes.engine.work_list import obstacle
from order_audit.fixes.fix import Fix
from order_audit.fixes.planning.decisions import chosen
from order_audit.fixes.planning.tables import none_there, refuse_unnamed, tables


def refuse_read_only(connection: psycopg.Connection) -> None:
    """Raise RefusalError where the connection cannot write at all."""
    is_standby, is_read_only = session.row(
        connection, "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
    )
    if is_standby:
        raise RefusalError("this server is a standby: give the DSN of the primary")
    if is_read_only:
        source, role, database = session.row(
            connection,
            "select source, quote_ident(current_user), quote_ident(current_database()) from pg_settings"
            " where name = 'default_transaction_read_only'",
        )
        places = {
            "user": f"role {role}",
            "database": f"database {database}",
            "database user": f"role {role} in database {database}",
            "client": "this connection, by PGOPTIONS or the DSN",
        }
        raise RefusalError(
            f"default_transaction_read_only is on for {places.get(source, 'the whole server')}, so this connection may"
            " only read: use the DSN of a role that may write, or set PGOPTIONS='-c default_transaction_read_only=off'"
        )


def refuse(connection: psycopg.Connection, fixes: Mapping[str, Fix], choices: Mapping[str, str]) -> None:
    """Raise RefusalError where the fixes cannot be applied here at all."""
    refuse_read_only(connection)
    role = session.scalar(connection, "select current_user")
    if fixes and not tables(connection, fixes):
        raise RefusalError(none_there(connection, fixes))
    wanted: dict[str, set[str]] = {}
    refuse_unnamed(connection, chosen(fixes, choices))
    for fix, option in chosen(fixes, choices):
        if why := obstacle(connection, option):
            raise RefusalError(f"{fix.rule.id}: {why}")
        for change in option.changes:
            if change.op != "insert" and session.is_true(
                connection, "select to_regclass(%s) is not null", [change.table]
            ):
                wanted.setdefault(change.table, {"SELECT"}).add(change.op.upper())
    for table, rights in sorted(wanted.items()):
        for right in sorted(rights):
            if not session.is_true(connection, "select has_table_privilege(to_regclass(%s), %s)", [table, right]):
                raise RefusalError(
                    f"role {role} may not {right.lower()} {table}: grant {right.lower()} on {table} to {role}"
                )
        if session.is_true(connection, "select row_security_active(to_regclass(%s))", [table]):
            raise RefusalError(
                f"{table} has row-level security, and role {role} may not see all of it: run as a role that may pass it"
                " (the owner, unless it is forced; one with bypassrls)"
            )
    there = session.is_true(connection, "select exists (select from pg_namespace where nspname = %s)", ["order_audit"])
    if not there and not session.is_true(
        connection, "select has_database_privilege(current_database(), %s)", ["CREATE"]
    ):
        raise RefusalError(
            f"role {role} may not create the schema order_audit for the journal: grant it create on the database"
        )
    owner = "select pg_has_role((select nspowner from pg_namespace where nspname = %s), 'usage')"
    if there and not session.is_true(connection, owner, ["order_audit"]):
        raise RefusalError(f"schema order_audit belongs to another role than {role}: run as its owner")
