"""The order of schema findings in lists and reports."""

from __future__ import annotations

from dataclasses import replace

from order_audit.audit.cli.lint_text import lint_text
from order_audit.audit.schema.lint import Verdict
from order_audit.expectations import schema_rules
from order_audit.reports.document import SchemaFinding
from order_audit.reports.schema_findings import groups
from tests.reports.documents import document
from tests.support.results import typed


def test_references_without_a_row_come_first() -> None:
    """Among findings of one rule and severity: their rows are wrong now."""
    right = SchemaFinding("schema.a", "A", "critical", "a", "right today", {}, "", "redesign")
    wrong = replace(right, object="b", message="wrong today", evidence={"values without a referenced row": 3})
    text = lint_text([Verdict(schema_rules()[0], "checked", findings=(right, wrong))], [])
    assert text.index("wrong today") < text.index("right today")
    made = replace(typed(document()), schema_findings=(right, wrong))
    assert [it.object for it in groups(made)[0].findings] == ["b", "a"]
