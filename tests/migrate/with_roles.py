"""The roles of the proposed schema on a test's server, and sessions of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from tests.support import servers

ROLES = ("sales_app", "sales_job", "sales_delivery", "sales_reader", "sales_auditor")


@contextmanager
def database(server: Server, template: str, *others: str) -> Iterator[str]:
    """A database on a server with the roles of roles.sql and others, which are all dropped afterwards."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        for _ in range(2):  # it can be run again
            connection.execute((PROPOSED / "roles.sql").read_bytes())
        for other in others:
            connection.execute(f"create role {other}".encode())
        try:
            with servers.database(server, template) as dsn:
                yield dsn
        finally:
            connection.execute(f"drop role {', '.join((*ROLES, *others))}".encode())


@contextmanager
def session(dsn: str, role: str, *settings: str) -> Iterator[psycopg.Connection]:
    """A session of a role, which is not the owner's, with settings such as `migration.direction = to_new`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"set session authorization {role}".encode())
        for setting in settings:
            connection.execute(f"set {setting}".encode())
        yield connection
