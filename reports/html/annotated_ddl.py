"""Annotated DDL: schema findings as notes on the lines that they concern."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from order_audit.reports.document import DdlTable, Document, LeftOut, Result, SchemaCause, SchemaFinding
from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import Group

#: The heading of the violations of a schema finding, by whether it allows them.
_RELATIONS: Final = {True: "Allows", False: "Hides"}
#: The number of findings per rule that are shown in full if they have no line of DDL.
_SHOWN: Final = 10
_SEVERAL: Final = re.compile(r"(?P<table>.*)\.\((?P<first>.*?)(, .*)?\)", re.DOTALL)


@dataclass(frozen=True)
class Note:
    """A finding on a line of DDL.

    `anchor` and `line` are the fragments of its suggestion and its line. `rows` has the results that name it as a
    cause, by heading.
    """

    finding: SchemaFinding
    anchor: str
    line: str
    rows: dict[str, list[tuple[Result, SchemaCause]]]


@dataclass(frozen=True)
class Line:
    """One line of DDL with its notes, the worst first."""

    sql: str
    anchor: str
    notes: list[Note]

    @property
    def worst(self) -> str:
        """The severity of the worst open finding; empty if none is open."""
        return next((note.finding.severity for note in self.notes if not note.finding.accepted), "")


@dataclass(frozen=True)
class Table:
    """The lines of a table, or a view."""

    name: str
    kind: str
    anchor: str
    lines: list[Line]

    @property
    def notes(self) -> list[Note]:
        """All notes, in the order of the lines."""
        return [note for line in self.lines for note in line.notes]

    @property
    def sql(self) -> str:
        """The DDL without notes."""
        return "\n".join(line.sql for line in self.lines)


@dataclass(frozen=True)
class Rest:
    """Findings of one rule and severity without a line of DDL: the first ones, and the number of the others."""

    group: Group
    notes: list[Note]
    more: int


@dataclass(frozen=True)
class Schema:
    """All findings, each once: on a line of a table, or in `rest`."""

    tables: list[Table]
    rest: list[Rest]
    reason: str
    left_out: list[str]

    @property
    def anchors(self) -> dict[tuple[str, str], str]:
        """The fragment of each finding that is shown in full, by rule and object."""
        notes = [note for table in self.tables for note in table.notes] + [
            note for rest in self.rest for note in rest.notes
        ]
        return {(note.finding.rule, note.finding.object): note.anchor for note in notes}


def annotated(document: Document, groups: Iterable[Group]) -> Schema:
    """Assign each finding of `groups` to its line. Without DDL, `rest` has all findings."""
    groups = list(groups)
    given = document.ddl
    places = _places(given.tables)
    rows: defaultdict[tuple[str, str], dict[str, list[tuple[Result, SchemaCause]]]] = defaultdict(dict)
    for result in document.results:
        if result.status == "failed":
            for cause in result.schema_causes:
                rows[cause.rule, cause.object].setdefault(_RELATIONS[cause.allows], []).append((result, cause))
    noted: defaultdict[tuple[int, int], list[Note]] = defaultdict(list)
    loose: list[Rest] = []
    number = 0
    for group in groups:
        without_line: list[Note] = []
        for finding in group.findings:
            place = _place(finding.object, places)
            number += 1
            line = _anchor(*place) if place else ""
            note = Note(finding, f"schema-{number}", line, rows[finding.rule, finding.object])
            (noted[place] if place else without_line).append(note)
        if without_line:
            loose.append(Rest(group, without_line[:_SHOWN], max(len(without_line) - _SHOWN, 0)))
    tables = [
        Table(
            table.table,
            table.kind,
            f"table-{number}",
            [
                Line(line.sql, _anchor(number, place), noted.get((number, place), []))
                for place, line in enumerate(table.lines, start=1)
            ],
        )
        for number, table in enumerate(given.tables, start=1)
    ]
    return Schema(tables, loose, given.reason, _left_out(given.left_out))


def _left_out(counts: LeftOut | None) -> list[str]:
    """Return the omitted objects as phrases."""
    if counts is None:
        return []
    phrases = []
    if with_findings := counts.with_findings:
        phrases.append(f"{plural(with_findings, 'table')} with findings, which are listed below without DDL")
    if counts.tables > with_findings:
        phrases.append(f"{plural(counts.tables - with_findings, 'table')} without a finding that no rule reads")
    others = (
        (counts.views, "view"),
        (counts.functions, "function"),
        (counts.rules, "rule"),
        (counts.foreign_tables, "foreign table"),
    )
    phrases += [plural(count, noun) for count, noun in others if count]
    if counts.roles:
        phrases.append(f"create role for {plural(counts.roles, 'role')} in grants")
    return phrases


def _anchor(table: int, line: int) -> str:
    return f"table-{table}-line-{line}"


def _places(tables: Iterable[DdlTable]) -> dict[str, tuple[int, int]]:
    """Return table and line, from 1, of each object; of two objects with one name, the first: the column."""
    places: dict[str, tuple[int, int]] = {}
    for number, table in enumerate(tables, start=1):
        for place, line in enumerate(table.lines, start=1):
            if line.about:
                places.setdefault(line.about, (number, place))
    return places


def _place(name: str, places: dict[str, tuple[int, int]]) -> tuple[int, int] | None:
    """Return the line of an object, else of the first of several columns, else of its table."""
    if name in places:
        return places[name]
    if (several := _SEVERAL.fullmatch(name)) and (column := f"{several['table']}.{several['first']}") in places:
        return places[column]
    ends = (place for place in range(len(name) - 1, 0, -1) if name[place] == ".")
    return next((places[name[:end]] for end in ends if name[:end] in places), None)
