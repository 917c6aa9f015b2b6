"""A result as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, get_args

from markupsafe import Markup

from order_audit.expectations import SEVERITIES, Severity
from order_audit.reports import gate_text, profile, schema_findings
from order_audit.reports.document import Cause, Document, Result, RowsAffected, Run, SchemaRule, Status
from order_audit.reports.html import annotated_ddl, evidence, impact, links, reproduce, traceability
from order_audit.reports.html.environment import page

#: More tables than this are not named in a sentence.
_TABLES: Final = 6


def report(document: Document) -> str:
    """The report on one audit, from its result document."""
    results, run = document.results, document.run
    largest = max((table.rows for table in run.tables.values()), default=0)

    def rank(found: Result) -> tuple[int, float, float, int, str]:
        """The worst first: by severity, then by the share of rows, the amount, the number of violations."""
        rows = found.checked or largest
        share = found.violations / rows if rows else 0.0
        return (
            SEVERITIES.index(found.severity), -share, -impact.weight(found, document), -found.violations, found.rule,
        )  # fmt: skip

    by_status: defaultdict[Status, list[Result]] = defaultdict(list)
    for found in sorted(results, key=rank):
        by_status[found.status].append(found)
    rows = evidence.bounded([found.examples for found in by_status["failed"]])
    failed = [replace(it, examples=tuple(shown)) for it, shown in zip(by_status["failed"], rows, strict=True)]
    groups = schema_findings.groups(document)
    home = run.database.schema
    shown_profile = profile.shown(document.profile)
    figures = {
        table.name: reproduce.figures(table.name, document.profile[table.name]["columns"], home)
        for table in shown_profile.tables
        if table.columns
    }
    anchors = links.anchors([found.rule for found in results] + [f"{it.rule}/{it.severity}" for it in groups])
    return page(
        "report.html.j2",
        document=document,
        anchors=anchors,
        linked=links.linker(anchors),
        reasons=links.reasons(document, anchors),
        conditions=gate_text.conditions(document.summary.gate),
        harmless=gate_text.harmless(document),
        areas=_areas([*(it.rule for it in results), *(it.rule for it in document.schema_findings)]),
        failed=failed,
        failed_by_rule={found.rule: found for found in failed},
        failed_by_severity=[(name, list(group)) for name, group in groupby(failed, key=lambda found: found.severity)],
        errored=by_status["errored"],
        passed=by_status["passed"],
        not_checkable=by_status["not_checkable"],
        not_selected=by_status["not_selected"],
        skipped=_by_cause(by_status["skipped"]),
        counts={severity: _counts(severity, by_status) for severity in SEVERITIES},
        by_time=sorted(
            (found for found in results if found.status in ("failed", "errored", "passed")),
            key=lambda found: (-found.duration_ms, found.rule),
        ),
        command=reproduce.command(document),
        schema_groups=groups,
        annotated=annotated_ddl.annotated(document, groups),
        unused=document.unused_suppressions,
        traced=traceability.traced(document),
        untraced=traceability.untraced(document),
        questions=traceability.questions(document),
        profile=shown_profile,
        figures=figures,
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


# -- order and grouping ------------------------------------------------------------------------------------------


def _counts(severity: Severity, by_status: Mapping[Status, list[Result]]) -> dict[str, int]:
    """How many rules of a severity there are of each status, and how many violations."""
    of = {status: sum(it.severity == severity for it in by_status.get(status, ())) for status in get_args(Status)}
    return of | {"violations": sum(it.violations for it in by_status.get("failed", ()) if it.severity == severity)}


def _areas(rules: Iterable[str]) -> list[str]:
    """What the rules are about, by the folders that they are in."""
    return sorted({rule.split(".")[0] for rule in rules})


def _largest(counted: Sequence[RowsAffected]) -> list[tuple[int, RowsAffected]]:
    """Those with the most rows, each with its place from 1; where they are few, all of them as they stand."""
    placed = list(enumerate(counted, start=1))
    return placed if len(placed) <= _TABLES else sorted(placed, key=lambda it: -it[1].rows)[:_TABLES]


def _unjudged(rules: Iterable[SchemaRule]) -> list[tuple[str, str, list[SchemaRule]]]:
    """The rules on the schema that were not judged, by status and reason."""
    groups: defaultdict[tuple[str, str], list[SchemaRule]] = defaultdict(list)
    for rule in rules:
        if rule.status != "checked":
            groups[rule.status, rule.reason].append(rule)
    return [(status, reason, group) for (status, reason), group in sorted(groups.items(), key=lambda it: it[0])]


def _by_cause(skipped: Iterable[Result]) -> list[list[Result]]:
    """Skipped rules, those together that were for the same cause."""
    groups: defaultdict[Cause | None, list[Result]] = defaultdict(list)
    for found in skipped:
        groups[found.cause].append(found)
    return sorted(groups.values(), key=lambda group: group[0].reason)


# -- what numbers are made of ------------------------------------------------------------------------------------


def _rows_at(run: Run, shown: profile.Profile) -> defaultdict[str | None, str]:
    """Where each table is, so that its number of rows leads there: its profile, else how its rows were counted."""
    places: defaultdict[str | None, str] = defaultdict(str)
    places |= {name: f"counted-{place}" for place, name in enumerate(run.tables, start=1)}
    places |= {table.name: f"profile-{place}" for place, table in enumerate(shown.tables, start=1) if not table.error}
    return places


def _by_severity(groups: list[schema_findings.Group], anchors: dict[str, str]) -> Markup:
    """How many findings on the schema there are of each severity, each a link to the first; accepted ones apart."""
    said = []
    for severity in SEVERITIES:
        of = [group for group in groups if group.severity == severity and group.open]
        count = sum(len(group.open) for group in of)
        at = Markup('<a href="#{}">{:,}</a>').format(anchors[f"{of[0].rule}/{severity}"], count) if of else "0"
        said.append(Markup("{} {}").format(at, severity))
    holding = [group for group in groups if len(group.open) < len(group.findings)]
    if accepted := sum(len(group.findings) - len(group.open) for group in holding):
        first = anchors[f"{holding[0].rule}/{holding[0].severity}"]
        said.append(Markup('<a href="#{}">{:,}</a> accepted').format(first, accepted))
    return Markup(", ").join(said)
