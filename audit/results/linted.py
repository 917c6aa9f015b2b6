"""Schema findings against those of a baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from order_audit.audit.schema.lint import Verdict
from order_audit.reports.document import Document, SchemaFinding


@dataclass(frozen=True)
class Linted:
    """The findings of an audit, and those of its baseline that are gone."""

    findings: tuple[SchemaFinding, ...]
    resolved: tuple[SchemaFinding, ...] = ()


def against(baseline: Document | None, found: tuple[SchemaFinding, ...], verdicts: Iterable[Verdict]) -> Linted:
    """Compare findings by rule and object.

    What a rule finds is new or known only if the baseline has checked that rule, too; a finding of the baseline is
    gone only if its rule was checked now.
    """
    if baseline is None:
        return Linted(found)
    before = {(it.rule, it.object): it for it in baseline.schema_findings}
    checked = {it.rule for it in baseline.schema_rules if it.status == "checked"}
    now = {it.rule.id for it in verdicts if it.status == "checked"}
    marked = [
        replace(it, baseline="known" if (it.rule, it.object) in before else "new") if it.rule in checked else it
        for it in found
    ]
    left = {(it.rule, it.object) for it in found}
    gone = [it for name, it in before.items() if name not in left and it.rule in now]
    return Linted(tuple(marked), tuple(replace(it, baseline="", outcome=None) for it in gone))
