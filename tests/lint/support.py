"""Helpers for the tests of schema rules: what all of them find, and what one of them finds."""

from __future__ import annotations

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


def judged(dsn: str, schema: str = "") -> list[Verdict]:
    """All schema rules on a database."""
    with Snapshot(dsn, schema) as snapshot:
        return lint(snapshot.connection, schema_rules())


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
    with Snapshot(dsn) as snapshot:
        (verdict,) = lint(snapshot.connection, [rule])
    assert (verdict.status, verdict.reason) == ("checked", "")
    return verdict.findings
