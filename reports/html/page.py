"""The report: a result as one self-contained HTML page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, get_args

from markupsafe import Markup

from order_audit.expectations import SEVERITIES, Severity
from order_audit.expectations.names import top_area
from order_audit.reports import (
    action_plan,
    baseline_text,
    gate_text,
    limit_text,
    profile,
    schema_findings,
    since_text,
    totals,
)
from order_audit.reports.document import Cause, Document, Result, RowsAffected, Run, SchemaRule, Status
from order_audit.reports.html import annotated_ddl, evidence, impact, links, reproduce, traceability
from order_audit.reports.html.environment import page

#: The number of tables that a sentence names.
_TABLES: Final = 6


def report(document: Document) -> str:
    """Render the report of one audit from its result document."""
    results, run = document.results, document.run
    by_status: defaultdict[Status, list[Result]] = defaultdict(list)
    in_order = ranked(document)
    for result in in_order:
        by_status[result.status].append(result)
    rows = evidence.bounded([result.examples for result in by_status["failed"]])
    failed = [replace(it, examples=tuple(shown)) for it, shown in zip(by_status["failed"], rows, strict=True)]
    groups = schema_findings.groups(document)
    home = run.database.schema
    shown_profile = profile.shown(document.profile)
    figures = {
        table.name: reproduce.figures(table.name, document.profile[table.name], home)
        for table in shown_profile.tables
        if table.columns
    }
    anchors = links.of_document(document, groups)
    return page(
        "report.html.j2",
        document=document,
        anchors=anchors,
        linked=links.linker(anchors),
        reasons=links.reasons(document, anchors),
        verdict_text=action_plan.verdict(document),
        tone=action_plan.tone(document),
        accepted=limit_text.accepted(document),
        actions=action_plan.actions(document),
        against_baseline=baseline_text.total(document),
        resolved=baseline_text.resolved(document),
        conditions=gate_text.conditions(document.summary.gate),
        harmless=gate_text.harmless(document),
        areas=_areas([*(it.rule for it in results), *(it.rule for it in document.schema_findings)]),
        failed=failed,
        failed_by_rule={result.rule: result for result in failed},
        failed_by_severity=[(name, list(group)) for name, group in groupby(failed, key=lambda result: result.severity)],
        errored=by_status["errored"],
        passed=by_status["passed"],
        not_checkable=by_status["not_checkable"],
        not_selected=by_status["not_selected"],
        skipped=_by_cause(by_status["skipped"]),
        counts={severity: _counts(severity, by_status) for severity in SEVERITIES},
        by_time=sorted(
            (result for result in results if result.status in ("failed", "errored", "passed")),
            key=lambda result: (-result.duration_ms, result.rule),
        ),
        command=reproduce.command(document),
        lint_command=action_plan.lint_command(document),
        schema_groups=groups,
        annotated=annotated_ddl.annotated(document, groups),
        unused=document.unused_suppressions,
        traced=traceability.traced(document, in_order),
        untraced=traceability.untraced(document, in_order),
        questions=traceability.questions(document),
        since_lines=since_text.lines(document.run),
        profile=shown_profile,
        figures=figures,
        totals=totals.totals(document),
        cause=totals.CAUSE,
        affected=_largest(document.summary.rows_affected),
        sizes=_largest([RowsAffected(name, "", table.rows) for name, table in run.tables.items()]),
        bare=[name for name, table in run.tables.items() if table.rows == 0],
        unjudged_schema=_unjudged(document.schema_rules),
        counted_by={name: reproduce.rows(name, home) for name in run.tables},
        rows_at=_rows_at(run, shown_profile),
        impact_columns=impact.columns(document),
        impact_sums=impact.sums(document),
        by_severity=_by_severity(groups, anchors),
        first_of={group.rule: anchors[f"{group.rule}/{group.severity}"] for group in reversed(groups)},
        whys={rule.rule: rule.why for rule in document.schema_rules},
    )


def ranked(document: Document) -> list[Result]:
    """Return the results by severity, then share of rows, impact and number of violations."""
    largest = max((table.rows for table in document.run.tables.values()), default=0)

    def rank(result: Result) -> tuple[int, float, float, int, str]:
        rows = result.checked or largest
        share = result.violations / rows if rows else 0.0
        weight = impact.weight(result, document)
        return SEVERITIES.index(result.severity), -share, -weight, -result.violations, result.rule

    return sorted(document.results, key=rank)


# -- order and grouping ------------------------------------------------------------------------------------------


def _counts(severity: Severity, by_status: Mapping[Status, list[Result]]) -> dict[str, int]:
    """Count a severity's rules by status, its violations, and those that it tolerates."""
    of = {status: sum(it.severity == severity for it in by_status.get(status, ())) for status in get_args(Status)}
    violations, tolerated = (
        sum(it.violations for it in by_status.get(status, ()) if it.severity == severity)
        for status in ("failed", "passed")
    )
    return of | {"violations": violations, "tolerated": tolerated}


def _areas(rules: Iterable[str]) -> list[str]:
    """Return the areas of the rules: the first parts of their ids."""
    return sorted({top_area(rule) for rule in rules})


def _largest(counted: Sequence[RowsAffected]) -> list[tuple[int, RowsAffected]]:
    """Return the largest counts, each with its position from 1; if they are few, all in their order."""
    placed = list(enumerate(counted, start=1))
    return placed if len(placed) <= _TABLES else sorted(placed, key=lambda it: -it[1].rows)[:_TABLES]


def _unjudged(rules: Iterable[SchemaRule]) -> list[tuple[str, str, list[SchemaRule]]]:
    """Return the schema rules that were not judged, by status and reason."""
    groups: defaultdict[tuple[str, str], list[SchemaRule]] = defaultdict(list)
    for rule in rules:
        if rule.status != "checked":
            groups[rule.status, rule.reason].append(rule)
    return [(status, reason, group) for (status, reason), group in sorted(groups.items(), key=lambda it: it[0])]


def _by_cause(skipped: Iterable[Result]) -> list[list[Result]]:
    """Group skipped rules by cause."""
    groups: defaultdict[Cause | None, list[Result]] = defaultdict(list)
    for result in skipped:
        groups[result.cause].append(result)
    return sorted(groups.values(), key=lambda group: group[0].reason)


# -- targets of numbers -------------------------------------------------------------------------------------------


def _rows_at(run: Run, shown: profile.Profile) -> defaultdict[str | None, str]:
    """Return the anchor of each table's row count: its profile, else the statement that counted the rows."""
    places: defaultdict[str | None, str] = defaultdict(str)
    places |= {name: f"counted-{place}" for place, name in enumerate(run.tables, start=1)}
    places |= {table.name: f"profile-{place}" for place, table in enumerate(shown.tables, start=1) if not table.error}
    return places


def _by_severity(groups: list[schema_findings.Group], anchors: dict[str, str]) -> Markup:
    """Return the number of schema findings by severity, each a link to the first; accepted ones separately."""
    counts = []
    for severity in SEVERITIES:
        of = [group for group in groups if group.severity == severity and group.open]
        count = sum(len(group.open) for group in of)
        at = Markup('<a href="#{}">{:,}</a>').format(anchors[f"{of[0].rule}/{severity}"], count) if of else "0"
        counts.append(Markup("{} {}").format(at, severity))
    holding = [group for group in groups if len(group.open) < len(group.findings)]
    if accepted := sum(len(group.findings) - len(group.open) for group in holding):
        first = anchors[f"{holding[0].rule}/{holding[0].severity}"]
        counts.append(Markup('<a href="#{}">{:,}</a> accepted').format(first, accepted))
    return Markup(", ").join(counts)
