"""Results as text for the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from order_audit.expectations import SEVERITIES, Rule
from order_audit.reports import gate_text, schema_findings
from order_audit.reports.document import Document
from order_audit.reports.document.comparison import CHANGES, Comparison
from order_audit.reports.terminal.escape import escape

#: The number of schema rules that a run lists.
_WORST = 4
#: The mark before a severity.
MARKS = {"critical": "■", "warning": "▲", "info": "●"}


def verdict_text(document: Document, out: Path) -> str:
    """Return the result as text: findings by severity, rules that were not judged, gate, files."""
    summary, run = document.summary, document.run
    lines = []
    failed = [it for it in document.results if it.status == "failed"]
    for it in sorted(failed, key=lambda it: (SEVERITIES.index(it.severity), -it.violations, it.rule)):
        of = f" of {it.checked:,}" if it.checked is not None else ""
        lines.append(f"{MARKS[it.severity]} {it.severity:<8} {it.violations:>9,}{of}  {it.title}  [{it.rule}]")
    lines += [f"✗ errored  {it.rule}: {it.error}" for it in document.results if it.status == "errored"]
    lines += [
        f"? {it.status.replace('_', ' ')}  {it.rule}: {it.reason}"
        for it in document.results
        if it.status in ("skipped", "not_checkable")
    ]
    if lines:
        lines.append("")
    rate = f", {summary.pass_rate:.2f} %" if summary.pass_rate is not None else ""
    rows = ", ".join(f"{table.rows:,} {name}" for name, table in run.tables.items())
    lines.append(
        f"{summary.passed} of {summary.judged} expectations passed{rate}: {summary.failed} failed, "
        f"{summary.errored} errored, {summary.not_checkable} not checkable, {summary.skipped} skipped"
        + (f", {summary.not_selected} not selected" if summary.not_selected else "")
        + (f" ({rows})" if rows else "")
    )
    lines += _schema(document)
    gate = summary.gate
    lines.append("gate passed" if gate.passed else "gate failed: " + "; ".join(gate.reasons))
    if harmless := gate_text.harmless(document):
        lines.append(f"  {harmless}")
    if not run.complete:
        lines.append("interrupted: the result is incomplete")
    report = out / "report.html"
    lines.append(f"report: {report}" if report.exists() else f"files: {out}")
    return "\n".join(lines)


def _schema(document: Document) -> Iterator[str]:
    """Yield the number of schema findings, the worst rules, and the next step."""
    if not document.schema_rules:
        return
    yield f"{len(document.schema_rules)} rules on the schema: {schema_findings.counted(document)}"
    open_groups = [group for group in schema_findings.groups(document) if group.open]
    for group in open_groups[:_WORST]:
        yield f"  {MARKS[group.severity]} {group.severity:<8} {escape(f'{group.title}: {group.named}')}  [{group.rule}]"
    if open_groups:
        more = f"and {len(open_groups) - _WORST} more; " if len(open_groups) > _WORST else ""
        yield f"  {more}'order-audit lint' has a suggestion for each; --allow accepts intended ones"
    yield from _not_judged(document)


def _not_judged(document: Document) -> Iterator[str]:
    for rule in document.schema_rules:
        if rule.status != "checked":
            yield f"  ? {rule.status.replace('_', ' ')}  {rule.rule}: {escape(rule.reason)}"
    for entry in document.unused_suppressions:
        yield "  ? unused suppression  " + escape(f"{entry.rule} {entry.object}: {entry.reason}")


def comparison_text(document: Comparison, out: Path) -> str:
    """Return a comparison as text, rules with new violations first."""
    total = document.summary
    lines = []
    for rule in document.rules:
        if rule.new is None or any(rule.count(kind) for kind in CHANGES):
            counts = "  ".join(f"{'?' if rule.new is None else rule.count(kind):>6} {kind}" for kind in CHANGES)
            note = f"  ({rule.note})" if rule.note else ""
            lines.append(f"{MARKS[rule.severity]} {counts}  {rule.rule}{note}")
    if lines:
        lines.append("")
    if document.note:
        lines.append(f"compared by counts only: {document.note}")
    lines.append(f"{total.resolved:,} resolved, {total.remaining:,} remaining, {total.new:,} new")
    lines.append(f"comparison: {out / 'compare.html'}")
    return "\n".join(lines)


def rule_list(rules: Iterable[Rule]) -> str:
    """Return a line for each rule."""
    rules = list(rules)
    wide = max(len(rule.id) for rule in rules)
    return "\n".join(f"{rule.id:<{wide}}  {MARKS[rule.severity]} {rule.severity:<8}  {rule.title}" for rule in rules)


def rule_text(rule: Rule, repair: str) -> str:
    """Return all of one rule; `repair` describes its fix."""
    width = min(100, max(60, shutil.get_terminal_size((100, 24)).columns))
    lines = [
        rule.title,
        "",
        f"rule      {rule.id}",
        f"severity  {rule.severity}",
        f"key       {', '.join(rule.key)}",
    ]
    if rule.requires:
        lines.append(f"requires  {', '.join(map(str, rule.requires))}")
    if rule.without:
        lines.append(f"          not checkable without: {rule.without}")
    lines.append(f"file      {rule.path}")
    if rule.why:
        lines += ["", *textwrap.wrap(rule.why, width)]
    if rule.limitations:
        lines += ["", *textwrap.wrap(f"Limitations: {rule.limitations}", width)]
    if repair:
        lines += ["", repair]
    return "\n".join([*lines, "", rule.sql])
