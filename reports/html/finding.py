"""What a finding shows beside its rows: which values are wrong, pictures, and what in the schema let it in."""

from __future__ import annotations

from typing import Final

from order_audit.domain import Figure, diagram_kinds
from order_audit.reports.document import Document, Result, SchemaFinding
from order_audit.reports.formatting import plural

#: Findings with the same rows that are named.
_SHARED: Final = 5
#: What a weakness of the schema has to do with violations, by whether it allows them.
_RELATIONS: Final = {True: "Let in by", False: "Hidden by"}


def highlighted_columns(found: Result) -> list[frozenset[str]]:
    """Per example, the columns whose values are what is wrong."""
    columns = frozenset(found.highlight or ())
    each = found.highlight_in
    return [frozenset(each[place]) if each else columns for place in range(len(found.examples))]


def figures(found: Result) -> list[Figure]:
    """Return what is drawn of a finding; nothing where the domain of its diagram is not installed."""
    if found.diagram is None or (kind := diagram_kinds().get(found.diagram.kind)) is None:
        return []
    return kind.draw(found.diagram.facts, found.highlight or ())


def schema_causes(found: Result, document: Document) -> list[tuple[str, list[tuple[SchemaFinding, str]]]]:
    """The findings on the schema that have to do with it, by what they have to do with it, in words; each with which
    violations it does not allow.
    """
    on_schema = {(it.rule, it.object): it for it in document.schema_findings}
    named: dict[str, list[tuple[SchemaFinding, str]]] = {said: [] for said in _RELATIONS.values()}
    for it in found.schema_causes:
        if finding := on_schema.get((it.rule, it.object)):
            named[_RELATIONS[it.allows]].append((finding, it.which))
    return [(said, findings) for said, findings in named.items() if findings]


def overlaps(found: Result, failed: dict[str, Result]) -> tuple[list[tuple[Result, str, str]], int]:
    """Other findings with largely the same rows: each with how many, of which, in words; and how many more there are.

    Largely the same are those that have four fifths of the rows of the smaller of the two.
    """
    told = []
    for it in found.overlaps or ():
        if (other := failed.get(it.rule)) is None:
            continue
        rows, here, there = it.rows, found.violations, other.violations
        if 5 * rows < 4 * min(here, there):
            continue
        if rows == here == there:
            said = f"the same {plural(rows, 'row')}", ""
        elif rows == here:
            said = f"all {rows:,} of these rows" if rows > 1 else "this row", f", among its {there:,}"
        else:
            its = ", all that it has" if rows == there else f", of its {there:,}"
            said = f"{rows:,} of these {here:,} rows", its
        told.append((other, *said))
    return told[:_SHARED], max(len(told) - _SHARED, 0)
