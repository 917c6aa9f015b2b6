"""A result in Markdown, for a job summary or a pull request's comment."""

from __future__ import annotations

import re
from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports import gate_text, schema_findings
from order_audit.reports.document import Document, encode

#: Accepted schema findings that are told one by one.
_ACCEPTED: Final = 20


def markdown(document: Document) -> str:
    """The summary: verdict, findings, what was not judged."""
    run, summary = document.run, document.summary
    database = run.database
    gate = summary.gate
    rate = "nothing was judged" if summary.pass_rate is None else f"{summary.pass_rate:.2f} %"
    lines = [f"# Audit of {_cell(database.name)}: {'passed' if gate.passed else 'failed'}", ""]
    if not run.complete:
        lines += ["**Interrupted: this audit is not complete.**", ""]
    lines += [f"- {_cell(reason)}" for reason in gate.reasons] + [""] * bool(gate.reasons)
    if harmless := gate_text.harmless(document):
        lines += [harmless, ""]
    lines += [
        f"{summary.passed} of {summary.judged} expectations passed ({rate}); {summary.failed} failed, "
        f"{summary.errored} errored, {summary.not_checkable} not checkable, {summary.skipped} skipped"
        + (f", {summary.not_selected} not selected" if summary.not_selected else "")
        + f". PostgreSQL {_cell(database.server_version)}, {encode(run.started_at)}.",
        "",
    ]
    failed = [found for found in document.results if found.status == "failed"]
    if failed:
        lines += ["| severity | finding | rule | violations | of rows |", "| --- | --- | --- | ---: | ---: |"]
        for found in sorted(failed, key=lambda found: (SEVERITIES.index(found.severity), -found.violations)):
            rows = "" if found.checked is None else f"{found.checked:,}"
            lines.append(
                f"| {found.severity} | {_cell(found.title)} | `{found.rule}` | {found.violations:,} | {rows} |"
            )
        lines.append("")
    for status, heading in (
        ("errored", "Could not be judged"),
        ("not_checkable", "Not checkable"),
        ("skipped", "Skipped"),
    ):
        if found_there := [found for found in document.results if found.status == status]:
            lines += [f"## {heading}", ""]
            lines += [f"- `{found.rule}`: {_cell(found.error or found.reason)}" for found in found_there]
            lines.append("")
    lines += _schema(document)
    return "\n".join(lines)


def _schema(document: Document) -> list[str]:
    """The schema findings, a line per rule; then what was accepted, and what could not be judged."""
    rules = document.schema_rules
    if not rules:
        return []
    groups = schema_findings.groups(document)
    lines = [f"## Schema: {schema_findings.counted(document)}", ""]
    if any(group.open for group in groups):
        lines += ["| severity | finding | rule | objects | which |", "| --- | --- | --- | ---: | --- |"]
        lines += [
            f"| {group.severity} | {_cell(group.title)} | `{group.rule}` | {len(group.open):,} | {_cell(group.named)} |"
            for group in groups
            if group.open
        ]
        lines += ["", "`order-audit lint` and report.html tell what to do about each.", ""]
    accepted = [found for group in groups for found in group.findings if found.accepted]
    rest = [f"- accepted: `{it.rule}` {_cell(it.object)}: {_cell(it.accepted)}" for it in accepted[:_ACCEPTED]]
    if len(accepted) > _ACCEPTED:
        rest.append(f"- and {len(accepted) - _ACCEPTED:,} more accepted")
    rest += [
        f"- not needed any more, since there is no such finding: {_cell(it.rule)} {_cell(it.object)}: "
        f"{_cell(it.reason)}"
        for it in document.unused_suppressions
    ]
    rest += [
        f"- {rule.status.replace('_', ' ')}: `{rule.rule}`: {_cell(rule.reason)}"
        for rule in rules
        if rule.status != "checked"
    ]
    return lines + rest + [""] * bool(rest)


def _cell(text: str) -> str:
    """Text that cannot end a table's cell, begin markup, or hide what it says."""
    text = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#!~])", r"\\\1", text)
