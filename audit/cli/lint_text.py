"""Lint findings as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from order_audit.audit.schema.lint import Verdict
from order_audit.expectations import SEVERITIES
from order_audit.reports import schema_findings
from order_audit.reports.control_characters import escape
from order_audit.reports.document import ChangedTable, SchemaFinding, Suppression
from order_audit.reports.formatting import MARKS, plural
from order_audit.reports.terminal.layout import columns, cut, paragraph, statement


def lint_text(
    verdicts: Sequence[Verdict],
    unused: Iterable[Suppression],
    most: int = 20,
    expired: Iterable[Suppression] = (),
    changed: Iterable[ChangedTable] = (),
) -> str:
    """Return schema findings by rule, the worst first, with suggestions; then rules that were not judged.

    `most` limits the findings of each rule (accepted ones last) and the lines of each suggestion. `changed` has the
    tables that changed meanwhile.
    """
    lines: list[str] = []
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    by_rule: dict[tuple[int, str], list[SchemaFinding]] = {}
    for finding in findings:
        by_rule.setdefault((SEVERITIES.index(finding.severity), finding.rule), []).append(finding)
    for (severity, rule), group in sorted(by_rule.items()):
        lines.append(cut(f"{MARKS[SEVERITIES[severity]]} {rule}  {group[0].title}", columns()))
        for finding in sorted(group, key=schema_findings.by_urgency)[:most]:
            lines += paragraph(escape(finding.message), "    ", "  ")
            if finding.accepted:
                lines += paragraph(f"accepted: {escape(finding.accepted)}", "      ", "  ")
            else:
                suggestion = finding.suggestion.splitlines()
                lines += [part for line in suggestion[:most] for part in statement(line, "      ")]
                if len(suggestion) > most:
                    lines.append(f"      … and {plural(len(suggestion) - most, 'more line')}")
                if finding.outcome:
                    verdict_line, *rest = schema_findings.outcome_lines(finding.outcome)
                    lines += paragraph(f"→ {escape(verdict_line)}", "      ", "  ")
                    lines += [part for line in rest[:most] for part in paragraph(escape(line), "        ", "  ")]
                    if len(rest) > most:
                        lines.append(f"        … and {len(rest) - most:,} more")
        if len(group) > most:
            lines.append(f"    … and {len(group) - most:,} more; --examples {len(group)} shows them")
        lines.append("")
    for verdict in verdicts:
        if verdict.status != "checked":
            lines += paragraph(f"? {verdict.status.replace('_', ' ')}  {verdict.rule.id}: {verdict.reason}")
    lines += [f"? unused suppression  {entry.rule} {entry.what}: {entry.words}" for entry in unused]
    lines += [f"? expired suppression  {entry.rule} {entry.what}: {entry.words}" for entry in expired]
    if moved := ", ".join(f"{it.table} ({it.change})" for it in changed):
        lines += paragraph(
            f"? tables changed meanwhile, so findings may be wrong: {escape(moved)}; run the command again"
        )
    counts = ", ".join(
        f"{sum(finding.severity == severity and not finding.accepted for finding in findings)} {severity}"
        for severity in SEVERITIES
    )
    accepted = sum(bool(finding.accepted) for finding in findings)
    unjudged = schema_findings.unjudged(verdict.status for verdict in verdicts)
    lines.append(f"{plural(len(verdicts), 'rule')} on the schema: {counts}, {accepted} accepted{unjudged}")
    return "\n".join(lines)
