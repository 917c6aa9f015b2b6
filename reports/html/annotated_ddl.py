"""The schema as a reviewer would mark it up: findings as notes at the lines of DDL that they are about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from order_audit.reports.document import DdlTable, Document, LeftOut, Result, SchemaCause, SchemaFinding
from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import Group

#: What a finding has to do with violations, by whether it allows them.
_RELATIONS: Final = {True: "Let in", False: "Hides"}
#: Findings told in full of each rule, where no DDL is there to note them at.
_TOLD: Final = 10
_SEVERAL: Final = re.compile(r"(?P<table>.*)\.\((?P<first>.*?)(, .*)?\)", re.DOTALL)


@dataclass(frozen=True)
class Note:
    """A finding, the fragments of where it is told in full and of the line that it is about, and, by what it has to do
    with them, the results of the rules on rows, each with the cause that names the finding.
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
        """The severity of the worst finding that nobody has accepted; empty where there is none."""
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
        """All of them, in the order of the lines."""
        return [note for line in self.lines for note in line.notes]

    @property
    def sql(self) -> str:
        """The script, without any note."""
        return "\n".join(line.sql for line in self.lines)


@dataclass(frozen=True)
class Rest:
    """Findings of one rule and severity that no line is there for: the first of them, and how many more."""

    group: Group
    notes: list[Note]
    more: int


@dataclass(frozen=True)
class Schema:
    """All findings, each at one place: at a line of a table, or among the rest."""

    tables: list[Table]
    rest: list[Rest]
    reason: str
    left_out: list[str]

    @property
    def anchors(self) -> dict[tuple[str, str], str]:
        """Where each finding that is told in full is told, by rule and object."""
        notes = [note for table in self.tables for note in table.notes] + [
            note for rest in self.rest for note in rest.notes
        ]
        return {(note.finding.rule, note.finding.object): note.anchor for note in notes}


def annotated(document: Document, groups: Iterable[Group]) -> Schema:
    """Put each finding of `groups` at its line. Without any DDL, all findings are the rest."""
    groups = list(groups)
    given = document.ddl
    places = _places(given.tables)
    rows: defaultdict[tuple[str, str], dict[str, list[tuple[Result, SchemaCause]]]] = defaultdict(dict)
    for found in document.results:
        if found.status == "failed":
            for cause in found.schema_causes:
                rows[cause.rule, cause.object].setdefault(_RELATIONS[cause.allows], []).append((found, cause))
    noted: defaultdict[tuple[int, int], list[Note]] = defaultdict(list)
    loose: list[Rest] = []
    number = 0
    for group in groups:
        homeless: list[Note] = []
        for finding in group.findings:
            place = _place(finding.object, places)
            number += 1
            line = _anchor(*place) if place else ""
            note = Note(finding, f"schema-{number}", line, rows[finding.rule, finding.object])
            (noted[place] if place else homeless).append(note)
        if homeless:
            loose.append(Rest(group, homeless[:_TOLD], max(len(homeless) - _TOLD, 0)))
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
    """What is not shown, in words."""
    if counts is None:
        return []
    said = []
    if found := counts.with_findings:
        said.append(f"{plural(found, 'table')} with findings, which are told below without it")
    if counts.tables > found:
        said.append(f"{plural(counts.tables - found, 'table')} that no rule reads and that no finding is about")
    others = (
        (counts.views, "view"),
        (counts.functions, "function"),
        (counts.rules, "rule"),
        (counts.foreign_tables, "foreign table"),
    )
    said += [plural(count, noun) for count, noun in others if count]
    if counts.roles:
        said.append(f"the making of the {plural(counts.roles, 'role')} that rights name")
    return said


def _anchor(table: int, line: int) -> str:
    return f"table-{table}-line-{line}"


def _places(tables: Iterable[DdlTable]) -> dict[str, tuple[int, int]]:
    """Table and line, from 1, of each thing that a line makes; of two with one name, the first: the column."""
    places: dict[str, tuple[int, int]] = {}
    for number, table in enumerate(tables, start=1):
        for place, line in enumerate(table.lines, start=1):
            if line.about:
                places.setdefault(line.about, (number, place))
    return places


def _place(name: str, places: dict[str, tuple[int, int]]) -> tuple[int, int] | None:
    """The line of a thing, else that of the first of several columns, else the head of its table."""
    if name in places:
        return places[name]
    if (several := _SEVERAL.fullmatch(name)) and (column := f"{several['table']}.{several['first']}") in places:
        return places[column]
    ends = (place for place in range(len(name) - 1, 0, -1) if name[place] == ".")
    return next((places[name[:end]] for end in ends if name[:end] in places), None)
