"""What a person sees on the terminal of results."""

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

#: Rules whose schema findings are named after a run.
_WORST = 4
#: What stands before a severity.
MARKS = {"critical": "■", "warning": "▲", "info": "●"}


def verdict_text(document: Document, out: Path) -> str:
    """The result in some lines: findings from the worst on, what was not judged, the gate, the files."""
    summary, run = document.summary, document.run
    lines = []
    failed = [found for found in document.results if found.status == "failed"]
    for found in sorted(failed, key=lambda found: (SEVERITIES.index(found.severity), -found.violations, found.rule)):
        of = f" of {found.checked:,}" if found.checked is not None else ""
        lines.append(
            f"{MARKS[found.severity]} {found.severity:<8} {found.violations:>9,}{of}  {found.title}  [{found.rule}]"
        )
    lines += [f"✗ errored  {found.rule}: {found.error}" for found in document.results if found.status == "errored"]
    lines += [
        f"? {found.status.replace('_', ' ')}  {found.rule}: {found.reason}"
        for found in document.results
        if found.status in ("skipped", "not_checkable")
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
    """How many findings there are on the schema, the worst of them by rule, and what to do with them."""
    if not document.schema_rules:
        return
    yield f"{len(document.schema_rules)} rules on the schema: {schema_findings.counted(document)}"
    found = [group for group in schema_findings.groups(document) if group.open]
    for group in found[:_WORST]:
        yield f"  {MARKS[group.severity]} {group.severity:<8} {escape(f'{group.title}: {group.named}')}  [{group.rule}]"
    if found:
        more = f"and {len(found) - _WORST} more; " if len(found) > _WORST else ""
        yield f"  {more}'order-audit lint' tells what to do about each, --allow accepts what is meant to be so"
    yield from _unsure(document)


def _unsure(document: Document) -> Iterator[str]:
    for rule in document.schema_rules:
        if rule.status != "checked":
            yield f"  ? {rule.status.replace('_', ' ')}  {rule.rule}: {escape(rule.reason)}"
    for entry in document.unused_suppressions:
        yield "  ? not needed any more  " + escape(f"{entry.rule} {entry.object}: {entry.reason}")


def comparison_text(document: Comparison, out: Path) -> str:
    """A comparison in some lines: what is new first."""
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
    """The rules, a line each, by their area."""
    rules = list(rules)
    wide = max(len(rule.id) for rule in rules)
    return "\n".join(f"{rule.id:<{wide}}  {MARKS[rule.severity]} {rule.severity:<8}  {rule.title}" for rule in rules)


def rule_text(rule: Rule, repair: str) -> str:
    """One rule in full; `repair` says how its violations are put right."""
    width = min(100, max(60, shutil.get_terminal_size((100, 24)).columns))
    lines = [
        rule.title,
        "",
        f"rule      {rule.id}",
        f"severity  {rule.severity}",
        f"key       {', '.join(rule.key)}",
    ]
    if rule.requires:
        lines.append(f"needs     {', '.join(map(str, rule.requires))}")
    if rule.without:
        lines.append(f"          not checkable without: {rule.without}")
    lines.append(f"file      {rule.path}")
    if rule.why:
        lines += ["", *textwrap.wrap(rule.why, width)]
    if rule.limitations:
        lines += ["", *textwrap.wrap(f"Not proven: {rule.limitations}", width)]
    if repair:
        lines += ["", repair]
    return "\n".join([*lines, "", rule.sql])
