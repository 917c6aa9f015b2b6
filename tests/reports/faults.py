"""Documents with findings on the schema."""

from __future__ import annotations

from typing import Any

from tests.reports.documents import SCHEMA_RULE, document, found


def fault(rule: str, object_: str, severity: str = "warning", **fields: Any) -> dict[str, Any]:
    """One schema finding."""
    return {
        "rule": f"schema.{rule}",
        "title": f"Title of {rule}",
        "severity": severity,
        "object": object_,
        "message": f"{object_} is wrong",
        "evidence": {"type": "json"},
        "suggestion": f"alter table {object_}",
        "remedy": "statement",
    } | fields


def table(name: str, *lines: tuple[str, str]) -> dict[str, Any]:
    """A table's DDL."""
    return {"table": name, "kind": "table", "lines": [{"sql": sql, "about": about} for sql, about in lines]}


ORDERS = table(
    "orders",
    ("CREATE TABLE orders (", "orders"),
    ("  order_id serial NOT NULL,", "orders.order_id"),
    ("  args json,", "orders.args"),
    ("  CONSTRAINT args CHECK (true)", "orders.args"),
    (");", ""),
    ("CREATE INDEX late ON orders (args)", "late"),
)


def made(*findings: dict[str, Any], tables: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """A document with these schema findings."""
    rules = sorted({it["rule"] for it in findings}) or ["schema.a"]
    return document(found(), **fields) | {
        "schema_findings": list(findings),
        "schema_rules": [SCHEMA_RULE | {"rule": rule, "findings": 1, "why": f"Why {rule} matters."} for rule in rules],
        "ddl": {"tables": [ORDERS] if tables is None else tables, "reason": ""},
    }
