"""What the server expects statements to cost, so that the dearest can begin first and all connections end together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import psycopg

from order_audit.audit.database import sampling
from order_audit.audit.scans.batch import Bundle
from order_audit.audit.scans.batch_statement import explaining
from order_audit.audit.scans.impact import Orders


def dearest_first(connection: psycopg.Connection, bundles: Iterable[Bundle], orders: Orders) -> list[Bundle]:
    """Bundles by what the server's planner makes of them; as they come where all tables are small."""
    bundles = list(bundles)
    tables = {task.table.oid: task.table for found in bundles for task in found.tasks if task.table is not None}
    try:
        with connection.transaction():
            if all(sampling.is_small(connection, table) for table in tables.values()):
                return bundles
    except psycopg.Error:
        return bundles
    return sorted(bundles, key=lambda found: -_cost(connection, found, orders))


def _cost(connection: psycopg.Connection, found: Bundle, orders: Orders) -> float:
    """In the planner's units; a statement that it refuses comes first, since it will be run again in parts."""
    try:
        # rolled back: planning may run functions
        with connection.transaction(force_rollback=True):
            row = connection.execute(explaining(found, orders).encode()).fetchone()
    except psycopg.Error:
        return math.inf
    assert row is not None  # noqa: S101 - EXPLAIN gives one document
    return float(row[0][0]["Plan"]["Total Cost"])
