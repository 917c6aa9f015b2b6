"""Secrets that fixes take out of delivery arguments are for their owner alone."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.work_list import TARGET
from tests.fixes.json_documents import apply_option, database_of, documents_of
from tests.support import servers

SECRET = "orders.delivery_args_hold_no_secret"


def test_secrets_are_for_the_owner_alone(server: Server) -> None:
    """A role that may read the tables, and is granted all that is made later, reads no secret."""
    dsn = database_of(server, ['{"token": "k-1"}'])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists order_audit_reader")
        connection.execute("create role order_audit_reader")
        connection.execute("grant select on all tables in schema public to order_audit_reader")
        for what in ("usage on schemas", "all on tables", "execute on functions", "all on sequences"):
            connection.execute(f"alter default privileges grant {what} to order_audit_reader".encode())
        try:
            install(connection, TARGET)
            install(connection, TARGET)
            apply_option(connection, SECRET, "move_to_secret_store")
            kept = ("secret", "journal", "todo")
            connection.execute("set role order_audit_reader")
            assert documents_of(connection) == ['{"token": "secret-ref:order-audit/1"}']
            # the schema is open to this role: it is the tables that are not
            assert connection.execute("select count(*) from order_audit.run").fetchone() == (0,)
            for table in kept:
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(sql.SQL("select * from order_audit.{}").format(sql.Identifier(table)))
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute("select order_audit.revert_batch(%s, 9, 9)", [SECRET])
            connection.execute("reset role")
            assert connection.execute("select value from order_audit.secret").fetchall() == [("k-1",)]
            assert connection.execute(
                "select before ->> 'delivery_script_args' from order_audit.journal"
            ).fetchall() == [('{"token": "k-1"}',)]
        finally:
            connection.execute("reset role")
            connection.execute("drop owned by order_audit_reader")
            connection.execute("drop role order_audit_reader")
    servers.drop_database(server, dsn)


def test_a_schema_that_others_may_not_enter(server: Server) -> None:
    """Without default privileges a role does not come as far as the tables."""
    dsn = database_of(server, ['{"token": "k-1"}'])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists order_audit_reader")
        connection.execute("create role order_audit_reader")
        install(connection, TARGET)
        connection.execute("set role order_audit_reader")
        for table in ("secret", "journal", "todo", "run"):
            with pytest.raises(errors.InsufficientPrivilege, match="schema order_audit"):
                connection.execute(sql.SQL("select * from order_audit.{}").format(sql.Identifier(table)))
        connection.execute("reset role")
        connection.execute("drop role order_audit_reader")
    servers.drop_database(server, dsn)
