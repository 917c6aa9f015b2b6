"""Highlighted columns, diagrams, schema causes and overlaps of a finding."""

from __future__ import annotations

from typing import Final

from order_audit.domain import Figure, diagram_kinds
from order_audit.reports.document import Document, Result, SchemaFinding
from order_audit.reports.formatting import plural

#: The number of overlapping findings that are listed.
_LISTED: Final = 5
#: The heading of a schema cause, by whether it allows the violations.
_RELATIONS: Final = {True: "Allowed by", False: "Hidden by"}


def highlighted_columns(result: Result) -> list[frozenset[str]]:
    """Return the highlighted columns of each example."""
    columns = frozenset(result.highlight or ())
    each = result.highlight_in
    return [frozenset(each[place]) if each else columns for place in range(len(result.examples))]


def figures(result: Result) -> list[Figure]:
    """Return the diagrams of a finding; none if the domain of its diagram is not installed."""
    if result.diagram is None or (kind := diagram_kinds().get(result.diagram.kind)) is None:
        return []
    return kind.draw(result.diagram.facts, result.highlight or ())


def schema_causes(result: Result, document: Document) -> list[tuple[str, list[tuple[SchemaFinding, str]]]]:
    """Return the schema findings that allowed or hide violations, by heading, each with the violations it concerns."""
    on_schema = {(it.rule, it.object): it for it in document.schema_findings}
    named: dict[str, list[tuple[SchemaFinding, str]]] = {heading: [] for heading in _RELATIONS.values()}
    for it in result.schema_causes:
        if finding := on_schema.get((it.rule, it.object)):
            named[_RELATIONS[it.allows]].append((finding, it.which))
    return [(heading, findings) for heading, findings in named.items() if findings]


def follows_from(result: Result, failed: dict[str, Result]) -> list[tuple[Result, str]]:
    """Return the findings that explain violations of this one, each with these violations in words."""
    return [(failed[it.rule], _part(it.rows, result.violations)) for it in result.follows_from if it.rule in failed]


def _part(rows: int, of: int) -> str:
    if rows < of:
        return f"{rows:,} of these {of:,} rows"
    return f"all {rows:,} of these rows" if rows > 1 else "this row"


def overlaps(result: Result, failed: dict[str, Result]) -> tuple[list[tuple[Result, str, str]], int]:
    """Return findings that overlap with this one, each with its common rows in words, and the number of others.

    An overlap has at least four fifths of the rows of the smaller finding. Causes are not among them.
    """
    causes = {it.rule for it in result.follows_from}
    overlapping = []
    for it in result.overlaps or ():
        if it.rule in causes or (other := failed.get(it.rule)) is None:
            continue
        rows, here, there = it.rows, result.violations, other.violations
        if 5 * rows < 4 * min(here, there):
            continue
        if rows == here == there:
            common = f"the same {plural(rows, 'row')}", ""
        elif rows == here:
            common = _part(rows, here), f", among its {there:,}"
        else:
            its = ", all of its rows" if rows == there else f", of its {there:,}"
            common = _part(rows, here), its
        overlapping.append((other, *common))
    return overlapping[:_LISTED], max(len(overlapping) - _LISTED, 0)
