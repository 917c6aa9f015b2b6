"""Helpers for the tests of schema rules: what all of them find, and what one of them finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.lint import Verdict, lint
from order_audit.expectations import schema_rules
from order_audit.reports.document import SchemaFinding

#: The findings in the current schema with its sample data: rule, object, severity.
EXPECTED = {
    ("address_is_normalised", "customers", "warning"),
    ("balance_has_ledger", "customers.customer_balance", "info"),
    ("bitmap_is_readable", "orders.order_schedule", "info"),
    ("foreign_key_has_index", "orders.customer_id", "warning"),
    ("foreign_key_has_index", "orders.order_ref", "warning"),
    ("json_is_jsonb", "orders.delivery_script_args", "warning"),
    ("key_is_bigint", "customers.customer_id", "info"),
    ("key_is_bigint", "orders.order_id", "info"),
    ("key_is_identity", "public", "info"),
    ("money_has_one_unit", "public", "warning"),
    ("money_is_exact", "customers.customer_balance", "critical"),
    ("names_are_consistent", "customers", "info"),
    ("natural_key_is_unique", "customers.customer_email", "warning"),
    ("number_has_range_check", "customers.customer_balance", "warning"),
    ("number_has_range_check", "orders.order_amount", "warning"),
    ("objects_have_comments", "public", "info"),
    ("optional_columns_have_check", "orders.delivery_script_name", "info"),
    ("reference_has_foreign_key", "orders.order_ref", "critical"),
    ("reference_keeps_owner", "orders.(order_ref, customer_id)", "info"),
    ("sequence_is_ahead_of_data", "customers.customer_id", "critical"),
    ("sequence_is_ahead_of_data", "orders.order_id", "critical"),
    ("status_has_history", "orders.order_status", "warning"),
    ("status_is_constrained", "orders.order_status", "info"),
    ("table_has_timestamps", "customers", "warning"),
    ("table_has_timestamps", "orders", "warning"),
    ("text_is_not_blank", "public", "info"),
    ("text_types_are_consistent", "customers", "info"),
}


#: The last snapshot: what a connection has read of the catalogs is most of what a rule takes to run.
_last: list[Snapshot] = []


@contextmanager
def snapshot(dsn: str, schema: str = "") -> Iterator[psycopg.Connection]:
    """A connection in a new snapshot, and without a transaction afterwards; the last one again if it was on `dsn`."""
    if not _last or (_last[0].dsn, _last[0].schema) != (dsn, schema):
        close()
        _last.append(Snapshot(dsn, schema).__enter__())
    else:
        _last[0].id = ""
        _last[0]._begin(_last[0].connection)
    try:
        yield _last[0].connection
    finally:
        _last[0].connection.rollback()


def close() -> None:
    """Close the last connection, for which a database cannot be copied."""
    while _last:
        _last.pop().__exit__(None, None, None)


def judged(dsn: str, schema: str = "") -> list[Verdict]:
    """All schema rules on a database."""
    with snapshot(dsn, schema) as connection:
        return lint(connection, schema_rules())


def found(verdicts: list[Verdict]) -> set[tuple[str, str, str]]:
    """Rule, object and severity of each finding."""
    return {
        (finding.rule.removeprefix("schema."), finding.object, finding.severity)
        for verdict in verdicts
        for finding in verdict.findings
    }


def findings(dsn: str, name: str) -> tuple[SchemaFinding, ...]:
    """Return the findings of the rule `schema.NAME`, which must end without an error."""
    (rule,) = (rule for rule in schema_rules() if rule.id == f"schema.{name}")
    with snapshot(dsn) as connection:
        (verdict,) = lint(connection, [rule])
    assert (verdict.status, verdict.reason) == ("checked", "")
    return verdict.findings
