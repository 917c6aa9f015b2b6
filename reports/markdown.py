"""A result as Markdown, for a job summary or a comment on a pull request."""

from __future__ import annotations

from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports import (
    action_plan,
    baseline_text,
    gate_text,
    limit_text,
    measure_text,
    schema_findings,
    standing_text,
    suppression_text,
    totals,
)
from order_audit.reports.document import Document, encode
from order_audit.reports.formatting import MARKS
from order_audit.reports.markdown_text import code, escaped

#: The number of accepted schema findings that are listed.
_ACCEPTED: Final = 20


def markdown(document: Document) -> str:
    """Render the summary: verdict, findings, rules that were not judged."""
    run, summary = document.run, document.summary
    database = run.database
    gate = summary.gate
    rate = "nothing was judged" if summary.pass_rate is None else f"{summary.pass_rate:.2f} %"
    lines = [f"# Audit of {escaped(database.name)}: {'passed' if gate.passed else 'failed'}", ""]
    if not run.complete:
        lines += ["**Interrupted: this audit is not complete.**", ""]
    lines += [f"- {escaped(reason)}" for reason in gate.reasons] + [""] * bool(gate.reasons)
    if harmless := gate_text.harmless(document):
        lines += [escaped(harmless), ""]
    lines += [
        (
            f"{summary.passed} of {summary.judged} expectations passed ({rate}); {summary.failed} failed, "
            f"{summary.errored} errored, {summary.not_checkable} not checkable, {summary.skipped} skipped"
            + (f", {summary.not_selected} not selected" if summary.not_selected else "")
            if summary.expectations
            else "No rules were run"
        )
        + f". {escaped(run.judged_by)}, {encode(run.started_at)}.",
        "",
    ]
    if found := totals.sentence(document):
        lines += [f"{escaped(found)}.", ""]
    if against := baseline_text.total(document):
        lines += [f"{escaped(against[0].upper() + against[1:])}.", ""]
    failed = [result for result in document.results if result.status == "failed"]
    has_owners = any(result.owner for result in failed)
    has_tags = any(result.tags for result in failed)
    if failed:
        lines += [
            f"| severity | finding | rule | violations | of rows |{' baseline |' * gate.baseline}"
            f"{' owner |' * has_owners}{' tags |' * has_tags}",
            f"| --- | --- | --- | ---: | ---: |{' --- |' * (gate.baseline + has_owners + has_tags)}",
        ]
        for result in sorted(failed, key=lambda result: (SEVERITIES.index(result.severity), -result.violations)):
            rows = "" if result.checked is None else f"{result.checked:,}"
            count = f"{result.violations:,}"
            title = f"{result.title}: {measure_text.line(result)}" if result.measure else result.title
            count += f" ({result.rows:,} rows: the key repeats)" if result.rows > result.violations else ""
            count += f" ({result.suppressed:,} suppressed)" if result.suppressed else ""
            lines.append(
                f"| {MARKS[result.severity]} {result.severity} | {escaped(title)} | {code(result.rule, in_table=True)}"
                f" | {count} | {rows} |{f' {baseline_text.change(result)} |' * gate.baseline}"
                + f" {escaped(result.owner)} |" * has_owners
                + f" {escaped(', '.join(result.tags))} |" * has_tags
            )
        lines.append("")
    if unusual := standing_text.unusual(document):
        lines += [*(f"- {escaped(text)}" for text in unusual), ""]
    if resolved := baseline_text.resolved(document):
        lines += [f"Resolved: {', '.join(f'{code(result.rule)} ({count:,})' for result, count in resolved)}.", ""]
    if passed := [it for it in document.results if it.measure and it.status == "passed"]:
        lines += ["## Measured values within their bounds", ""]
        lines += [f"- {code(it.rule)}: {escaped(measure_text.line(it))}" for it in passed] + [""]
    if tolerated := limit_text.tolerated(document):
        lines += ["## Passed with violations", ""]
        lines += [f"- {code(it.rule)}: {escaped(limit_text.tolerance(it))}" for it in tolerated] + [""]
    for status, heading in (
        ("errored", "Errored"),
        ("not_checkable", "Not checkable"),
        ("skipped", "Skipped"),
    ):
        if matching := [it for it in document.results if it.status == status]:
            lines += [f"## {heading}", ""]
            lines += [
                f"- {code(it.rule)}{f' ({escaped(it.owner)})' * bool(it.owner)}: {escaped(it.error or it.reason)}"
                for it in matching
            ]
            lines.append("")
    lines += _suppressions(document)
    lines += _schema(document)
    return "\n".join(lines)


def _suppressions(document: Document) -> list[str]:
    """List what suppressions of the configuration accept, and those that need attention."""
    known = {it.rule: it for it in document.results}
    used = [
        f"- {code(rule)}: {escaped(text)}" for rule in known for text in suppression_text.of_rule(known[rule], document)
    ]
    rest = [f"- {escaped(text)}" for it in document.suppressions if (text := suppression_text.attention(it))]
    return ["## Suppressed", "", *used, *rest, ""] if used or rest else []


def _schema(document: Document) -> list[str]:
    """Render the schema findings by rule, then accepted findings, unused suppressions and rules without a result."""
    rules = document.schema_rules
    if not rules:
        return []
    groups = schema_findings.groups(document)
    lines = [f"## Schema: {schema_findings.counted(document)}", ""]
    if any(group.open for group in groups):
        lines += ["| severity | finding | rule | objects | which |", "| --- | --- | --- | ---: | --- |"]
        lines += [
            f"| {MARKS[group.severity]} {group.severity} | {escaped(group.title)} | {code(group.rule, in_table=True)}"
            f" | {len(group.open):,} | {escaped(group.named)} |"
            for group in groups
            if group.open
        ]
        lines += ["", f"{code(action_plan.lint_command(document))} and report.html have a suggestion for each.", ""]
    accepted = [result for group in groups for result in group.findings if result.accepted]
    rest = [f"- accepted: {code(it.rule)} {escaped(it.object)}: {escaped(it.accepted)}" for it in accepted[:_ACCEPTED]]
    if len(accepted) > _ACCEPTED:
        rest.append(f"- and {len(accepted) - _ACCEPTED:,} more accepted")
    rest += [
        f"- unused suppression (the finding does not occur): {code(it.rule)} {escaped(it.object)}: {escaped(it.words)}"
        for it in document.unused_suppressions
        if it.object
    ]
    rest += [
        f"- {rule.status.replace('_', ' ')}: {code(rule.rule)}: {escaped(rule.reason)}"
        for rule in rules
        if rule.status != "checked"
    ]
    return lines + rest + [""] * bool(rest)
