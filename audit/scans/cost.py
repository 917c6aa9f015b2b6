"""Order batches by planner cost, the most expensive first, to balance the connections."""

from __future__ import annotations

import math
from collections.abc import Iterable

import psycopg

from order_audit.audit.database import sampling
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.batch_statement import explain_sql
from order_audit.audit.scans.impact import Impacts
from order_audit.foreign_code import whole_path


def most_expensive_first(connection: psycopg.Connection, batches: Iterable[Batch], impacts: Impacts) -> list[Batch]:
    """Sort batches by the planner's cost; keep their order if all tables are small."""
    batches = list(batches)
    tables = {
        prepared.table.oid: prepared.table
        for batch in batches
        for prepared in batch.rules
        if prepared.table is not None
    }
    try:
        with connection.transaction():
            if all(sampling.is_small(connection, table) for table in tables.values()):
                return batches
    except psycopg.Error:
        return batches
    return sorted(batches, key=lambda batch: -_cost(connection, batch, impacts))


def _cost(connection: psycopg.Connection, batch: Batch, impacts: Impacts) -> float:
    """Return the planner's cost; infinity for a statement with an error, which will run again in parts."""
    try:
        # rolled back: planning may run functions
        with connection.transaction(force_rollback=True), whole_path(connection):
            row = connection.execute(explain_sql(batch, impacts).encode()).fetchone()
    except psycopg.Error:
        return math.inf
    assert row is not None  # noqa: S101 - EXPLAIN gives one document
    return float(row[0][0]["Plan"]["Total Cost"])
