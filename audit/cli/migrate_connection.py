"""The connection of the commands `order-audit migrate …`, and the warnings that the migration's files send on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from order_audit.audit.cli.options import say

if TYPE_CHECKING:
    import psycopg

    from order_audit.scenario.migrate.steps import Step


@contextmanager
def connected(dsn: str | None) -> Iterator[tuple[psycopg.Connection, list[Step]]]:
    """Connect with autocommit; yield the connection and the steps of the migration."""
    from order_audit.audit.database import dsn as dsns
    from order_audit.scenario.load import PROPOSED
    from order_audit.scenario.migrate.steps import steps

    with dsns.connect(dsns.resolve(dsn), autocommit=True) as connection:
        yield connection, steps(PROPOSED)


def warn(notice: psycopg.errors.Diagnostic) -> None:
    """Print what a file warns of: objects of others that it drops."""
    if notice.severity_nonlocalized == "WARNING":
        say(f"warning: {notice.message_primary}")
