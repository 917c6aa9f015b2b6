"""Count violations in shared scans, on the caller's connection."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from order_audit import session
from order_audit.audit.analysis import parsed_query
from order_audit.audit.scans import prepared_rule
from order_audit.audit.scans.batch_statement import count_sql
from order_audit.audit.scans.planner import Scan, plan
from order_audit.expectations import Rule
from order_audit.foreign_code import whole_path


def count(connection: psycopg.Connection, rules: Iterable[Rule]) -> dict[str, int]:
    """The violations of each rule, as the connection sees the tables; those that cannot be judged there are missing."""
    counts: dict[str, int] = {}
    with connection.transaction():
        session.configure(connection, [session.ALL_ROWS], local=True)
        session.raise_work_memory(connection)
        prepared_rules, _ = prepared_rule.prepare(connection, [(rule, parsed_query.parse(rule)) for rule in rules])
        for scan in plan(connection, prepared_rules):
            counts |= _count(connection, scan)
    return counts


def _count(connection: psycopg.Connection, scan: Scan) -> dict[str, int]:
    try:
        # rolled back: what a rule does to the session must not reach the next one
        with connection.transaction(force_rollback=True), whole_path(connection):
            row = connection.execute(count_sql(scan).encode()).fetchone()
    except psycopg.Error:
        if connection.closed:
            raise
        if not scan.shared:
            return {}
        # so that one bad rule costs no other its result
        alone = (_count(connection, Scan((prepared,))) for prepared in scan.rules)
        return {rule: rows for counts in alone for rule, rows in counts.items()}
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return {prepared.rule.id: rows for prepared, rows in zip(scan.rules, row, strict=True)}
