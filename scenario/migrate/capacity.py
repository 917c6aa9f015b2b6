"""What the migration takes on the database at hand: disk, write-ahead log, time. Measured by the dry run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg

from order_audit import session
from order_audit.progress import ignore_progress
from order_audit.scenario.migrate.backfill import index_statements
from order_audit.scenario.migrate.verify import compare

_OLD: Final = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_catalog.pg_class as c
where c.oid in (to_regclass('public.customers'), to_regclass('public.orders'))
"""
_NEW: Final = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')
"""


@dataclass
class Capacity:
    """Bytes of the old tables and of the new ones with their indexes, and of the write-ahead log; seconds by step.

    `log` includes what other sessions wrote meanwhile. `copied` is the number of rows that the dry run copied.
    """

    copied: int = 0
    old: int = 0
    new: int = 0
    log: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time of a step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - began


def log_position(connection: psycopg.Connection) -> str:
    """Return the present position of the write-ahead log."""
    return str(session.scalar(connection, "select pg_current_wal_insert_lsn()"))


def measure(connection: psycopg.Connection, capacity: Capacity, began_at: str) -> None:
    """Build the remaining indexes, compare both sides, and measure sizes; in the transaction of the dry run."""
    with capacity.timed("backfill"):
        for statement in index_statements(connection):
            if statement.startswith(("create", "reindex", "analyze")):
                connection.execute(statement.replace(" concurrently", "").encode())
    with capacity.timed("verify"):
        compare(connection, ignore_progress)
    capacity.old = session.scalar(connection, _OLD)
    capacity.new = session.scalar(connection, _NEW)
    capacity.log = session.scalar(
        connection, "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s::pg_lsn)::bigint", [began_at]
    )
