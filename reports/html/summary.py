"""The summary: a result on one sheet of paper, with links into the report beside it."""

from __future__ import annotations

from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports import action_plan, baseline_text, schema_findings, totals
from order_audit.reports.document import Document
from order_audit.reports.html import links
from order_audit.reports.html.environment import page
from order_audit.reports.html.page import ranked

#: The report's file, beside this one.
PAGE: Final = "report.html"
#: The lines of the table of findings.
_FINDINGS: Final = 25
#: The lines about the schema.
_CAUSES: Final = 4


def summary(document: Document) -> str:
    """Render the summary of one audit from its result document."""
    failed = [result for result in ranked(document) if result.status == "failed"]
    # a line is left for the number of the others
    shown = failed if len(failed) <= _FINDINGS else failed[: _FINDINGS - 1]
    rest = [result.severity for result in failed[len(shown) :]]
    groups = schema_findings.groups(document)
    return page(
        "summary.html.j2",
        document=document,
        page=PAGE,
        anchors=links.of_document(document, groups),
        verdict_text=action_plan.verdict(document),
        tone=action_plan.tone(document),
        totals=totals.sentence(document),
        concerned=action_plan.rows_concerned(document),
        actions=action_plan.actions(document),
        against_baseline=baseline_text.total(document),
        failed=failed,
        shown=shown,
        more=len(rest),
        more_counts=", ".join(f"{rest.count(it):,} {it}" for it in SEVERITIES if it in rest),
        schema_counts=schema_findings.counted(document),
        groups=[group for group in groups if group.open][:_CAUSES],
    )
