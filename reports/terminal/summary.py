"""Results as text for the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from order_audit.expectations import SEVERITIES, Rule
from order_audit.reports import (
    action_plan,
    baseline_text,
    changed_variables,
    gate_text,
    limit_text,
    measure_text,
    schema_findings,
    since_text,
    standing_text,
    suppression_text,
    totals,
)
from order_audit.reports.compared_digests import ADVICE
from order_audit.reports.control_characters import escape
from order_audit.reports.document import Document, Result
from order_audit.reports.document.comparison import CHANGES, Comparison
from order_audit.reports.formatting import MARKS, plural
from order_audit.reports.terminal.layout import columns, cut, fits, height, paragraph, screen, table

#: The number of rules without a result that are listed, of each kind; a sentence names at most as many rules.
_FEW = 3
#: From this width on, severities are words too.
_WIDE = 100


def verdict_text(document: Document, out: Path, following: Sequence[str] = (), *, verbose: bool = False) -> str:
    """Return the result as text: findings, rules that were not judged, gate, files, and the lines that follow.

    Unless `verbose`, the text fits the terminal's screen: it has the worst findings only.
    """
    failed = sorted(
        (it for it in document.results if it.status == "failed"),
        key=lambda it: (SEVERITIES.index(it.severity), -it.violations, it.rule),
    )
    after = _unjudged(document, verbose)
    after += [""] * bool(after or failed) + _totals(document)
    after += [line for text in since_text.lines(document.run) for line in paragraph(escape(text))]
    after += _first((paragraph(escape(text)) for text in standing_text.unusual(document)), verbose)
    after += _schema(document, verbose)
    after += _first((paragraph(text) for text in suppression_text.lines(document)), verbose)
    after += _gate(document, verbose)
    report = out / "report.html"
    after += [f"report: {report}" if report.exists() else f"files: {out}", *following]
    # the heading, the number of the others, and the line of the prompt
    room = _lines(failed) if verbose else max(screen() - height(after) - 3, _FEW)
    return "\n".join([*_findings(failed, room), *after])


def _of(result: Result) -> str:
    """Return the number of checked rows, and the number of violating rows if a key has several."""
    if result.measure is not None:
        return f" of {plural(result.checked or 0, 'group')}" if result.key else ""
    checked = f" of {result.checked:,}" if result.checked is not None else ""
    suppressed = f", {result.suppressed:,} suppressed" if result.suppressed else ""
    return checked + (f" ({result.rows:,} rows)" if result.rows > result.violations else "") + suppressed


def _findings(failed: Sequence[Result], room: int) -> list[str]:
    """Return the first findings as a table below their numbers by severity, then the number of the others."""
    if not failed:
        return []
    shown = failed if _lines(failed) <= room + 1 else _first_in(failed, room)
    wide = max(len(f"{it.violations:,}") for it in shown)
    has_baseline = any(it.baseline for it in shown)
    rows = [
        (
            f"{MARKS[it.severity]} {it.rule}",
            *([f"{it.violations:>{wide},}{_of(it)}"] if not has_baseline or columns() >= _WIDE else []),
            *([baseline_text.change(it)] if has_baseline else []),
            escape(_owned(it.title, it.owner)),
        )
        for it in shown
    ]
    if has_baseline and not fits(rows):
        rows = [row[:-1] for row in rows]
    if any(it.measure for it in shown):
        return _with_values(failed, shown, rows)
    return [_by_severity(failed, marks=True), *table(rows, left=range(len(rows[0]))), *_others(failed, shown)]


def _lines(results: Sequence[Result]) -> int:
    """Return the lines of findings: a measured rule has a second one with its values."""
    return sum(1 + (it.measure is not None) for it in results)


def _first_in(failed: Sequence[Result], room: int) -> Sequence[Result]:
    fitting = (count for count in range(len(failed), 0, -1) if _lines(failed[:count]) <= room)
    return failed[: next(fitting, 1)]


def _with_values(failed: Sequence[Result], shown: Sequence[Result], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the table with a further line for each measured rule: its values and bounds."""
    lines = table(rows, left=range(len(rows[0])))
    if len(lines) == len(rows):
        pairs = zip(lines, shown, strict=True)
        lines = [it for line, result in pairs for it in (line, *_measured(result))]
    else:
        lines += [it for result in shown for it in _measured(result, named=True)]
    return [_by_severity(failed, marks=True), *lines, *_others(failed, shown)]


def _measured(result: Result, *, named: bool = False) -> list[str]:
    if result.measure is None:
        return []
    return paragraph(escape(f"{f'{result.rule}: ' if named else ''}{measure_text.line(result)}"), "    ")


def _others(failed: Sequence[Result], shown: Sequence[Result]) -> list[str]:
    more = len(failed) - len(shown)
    others = [f"  and {plural(more, 'more finding')}: {_by_severity(failed[len(shown) :])}; --verbose lists all"]
    return others * bool(more)


def _owned(title: str, owner: str) -> str:
    return f"{title} ({owner})" if owner else title


def _by_severity(results: Iterable[Result], *, marks: bool = False) -> str:
    of = [result.severity for result in results]
    counts = [f"{f'{MARKS[it]} ' if marks else ''}{of.count(it):,} {it}" for it in SEVERITIES if it in of]
    return ("   " if marks else ", ").join(counts)


def _unjudged(document: Document, verbose: bool) -> list[str]:
    errored = [it for it in document.results if it.status == "errored"]
    # those that cannot be checked are counted among the totals, and fail no gate
    statuses = ("skipped", "not_checkable") if verbose else ("skipped",)
    others = [it for it in document.results if it.status in statuses]
    lines = _first((paragraph(f"✗ errored  {_owned(it.rule, it.owner)}: {it.error}") for it in errored), verbose)
    tolerated = limit_text.tolerated(document)
    passed = [it for it in document.results if it.measure and it.status == "passed"]
    lines += _first((paragraph(escape(f"✓ passed  {it.rule}: {measure_text.line(it)}")) for it in passed), verbose)
    lines += _first(
        (paragraph(escape(f"✓ passed  {it.rule}: {limit_text.tolerance(it)}")) for it in tolerated), verbose
    )
    return lines + _first(
        (paragraph(f"? {it.status.replace('_', ' ')}  {it.rule}: {it.reason}") for it in others), verbose
    )


def _first(paragraphs: Iterable[list[str]], verbose: bool) -> list[str]:
    """Return the first of many paragraphs and the number of the others; all if `verbose`."""
    each = list(paragraphs)
    shown = each if verbose or len(each) <= _FEW else each[: _FEW - 1]
    more = len(each) - len(shown)
    return [line for lines in shown for line in lines] + [f"  and {more:,} more"] * bool(more)


def _totals(document: Document) -> list[str]:
    summary, found = document.summary, totals.sentence(document)
    rate = f", {summary.pass_rate:.2f} %" if summary.pass_rate is not None else ""
    rows = ", ".join(f"{table.rows:,} {escape(name)}" for name, table in document.run.tables.items())
    lines = paragraph(found) if found else []
    if not summary.expectations:
        return paragraph("no rules were run" + (f" ({rows})" if rows else ""))
    lines += paragraph(
        f"{summary.passed} of {summary.judged} expectations passed{rate}: {summary.failed} failed, "
        f"{summary.errored} errored, {summary.not_checkable} not checkable, {summary.skipped} skipped"
        + (f", {summary.not_selected} not selected" if summary.not_selected else "")
        + (f" ({rows})" if rows else "")
    )
    return lines + paragraph(baseline_text.total(document)) * summary.gate.baseline


def _gate(document: Document, verbose: bool) -> list[str]:
    """Return the gate's verdict; a reason names its rules if they are few."""
    gate = document.summary.gate
    reasons = [
        str(sentence) if verbose or len(reason.rules) <= _FEW else "".join(piece.text for piece in sentence.head)
        for reason, sentence in gate_text.sentences(gate, document.run.changed_tables)
    ]
    lines = ["gate passed"] if gate.passed else paragraph("gate failed: " + "; ".join(reasons))
    if harmless := gate_text.harmless(document):
        lines += paragraph(harmless, "  ", "  ")
    return lines + ["interrupted: the result is incomplete"] * (not document.run.complete)


def _schema(document: Document, verbose: bool) -> list[str]:
    """Return the number of schema findings, if `verbose` by rule, and those that say nothing."""
    if not document.schema_rules:
        return []
    lines = [f"{plural(len(document.schema_rules), 'rule')} on the schema: {schema_findings.counted(document)}"]
    groups = [group for group in schema_findings.groups(document) if group.open]
    if verbose and groups:
        rows = [(f"  {MARKS[it.severity]} {it.rule}", escape(f"{it.title}: {it.named}")) for it in groups]
        lines += [
            *table(rows),
            f"  '{action_plan.lint_command(document)}' has a suggestion for each; --allow accepts intended ones",
        ]
    return lines + _first((paragraph(text, "  ") for text in _not_judged(document)), verbose)


def _not_judged(document: Document) -> Iterator[str]:
    for rule in document.schema_rules:
        if rule.status != "checked":
            yield f"? {rule.status.replace('_', ' ')}  {rule.rule}: {escape(rule.reason)}"
    for entry in (it for it in document.unused_suppressions if it.object):
        yield "? unused suppression  " + escape(f"{entry.rule} {entry.what}: {entry.words}{entry.at}")


def comparison_text(document: Comparison, out: Path) -> str:
    """Return a comparison as text, rules with new violations first."""
    total = document.summary
    lines = []
    for rule in document.rules:
        if rule.new is None or any(rule.count(kind) for kind in CHANGES):
            counts = "  ".join(f"{'?' if rule.new is None else rule.count(kind):>6} {kind}" for kind in CHANGES)
            notes = [f"{rule.suppressed:,} suppressed"] * bool(rule.suppressed)
            notes += [it for it in (changed_variables.words(rule.variables), rule.note) if it]
            notes += [f"owner: {rule.owner}"] * bool(rule.owner) + [f"tags: {', '.join(rule.tags)}"] * bool(rule.tags)
            note = f"  ({escape('; '.join(notes))})" if notes else ""
            lines.append(f"{MARKS[rule.severity]} {counts}  {rule.rule}{note}")
    for rule in document.rules:
        if rule.measure is not None:
            violations = rule.after.violations if rule.after else 0
            lines += paragraph(escape(f"{rule.rule}: {measure_text.values_text(rule.measure, violations)}"))
    if lines:
        lines.append("")
    if document.note:
        lines.append(f"compared by counts only: {document.note}")
    counted = [rule.counts_only for rule in document.rules if rule.counts_only]
    if counted:
        lines += paragraph(f"{plural(len(counted), 'rule')} compared by counts only: {counted[0]}; {ADVICE}")
    suppressed = f"; {total.suppressed:,} suppressed" if total.suppressed else ""
    lines.append(f"{total.resolved:,} resolved, {total.remaining:,} remaining, {total.new:,} new{suppressed}")
    lines.append(f"comparison: {out / 'compare.html'}")
    return "\n".join(lines)


def rule_list(rules: Iterable[Rule]) -> str:
    """Return a line for each rule; below 100 columns, severities are marks, which the last line explains."""
    rules = list(rules)
    titles = {rule.id: _owned(rule.title, rule.ownership.owner) for rule in rules}
    is_wide = columns() >= _WIDE
    wide = max(len(rule.id) for rule in rules)
    lines = []
    for rule in rules:
        severity = f"{MARKS[rule.severity]} {rule.severity:<8} " if is_wide else MARKS[rule.severity]
        lines.append(cut(f"{rule.id:<{wide}}  {severity} {escape(titles[rule.id])}", columns()))
    legend = "   ".join(f"{mark} {severity}" for severity, mark in MARKS.items())
    return "\n".join(lines + ["", legend] * (not is_wide))


def rule_text(rule: Rule, repair: str, before: Sequence[str] = ()) -> str:
    """Return all of one rule; `repair` describes its fix; `before` are lines that psql needs before its SQL."""
    width = min(100, max(60, shutil.get_terminal_size((100, 24)).columns))
    lines = [
        rule.title,
        "",
        f"rule      {rule.id}",
        f"severity  {rule.severity}",
        f"key       {', '.join(rule.key) or 'none: the whole table is one group'}",
    ]
    if rule.measure:
        lines.append(f"measure   {rule.measure.column}")
        lines += [f"limit     {it.severity} unless {it}" for it in rule.measure.bounds]
    lines += [f"limit     {it.severity} above {it.above}" for it in rule.levels]
    if rule.requires:
        lines.append(f"requires  {', '.join(map(str, rule.requires))}")
    if rule.without:
        lines.append(f"          not checkable without: {rule.without}")
    about = rule.ownership
    lines += [
        f"{name:<9} {escape(text)}"
        for name, text in (("owner", about.owner), ("tags", ", ".join(about.tags)), ("links", " ".join(about.links)))
        if text
    ]
    if rule.variables:
        shown = (it.name if it.default is None else f"{it.name} = {it.default}" for it in rule.variables)
        lines.append(f"variables {escape(', '.join(shown))}")
    lines.append(f"file      {rule.path}")
    if rule.why:
        lines += ["", *textwrap.wrap(rule.why, width)]
    if rule.limitations:
        lines += ["", *textwrap.wrap(f"Limitations: {rule.limitations}", width)]
    if repair:
        lines += ["", repair]
    if before:
        lines += ["", *map(escape, before)]
    return "\n".join([*lines, "", rule.sql])
