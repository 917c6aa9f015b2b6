"""The schema as a reviewer would mark it up: findings as notes at the lines of DDL that they are about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import Group

#: What a finding has to do with violations; results of an earlier version do not tell.
_RELATIONS: Final[dict[bool | None, str]] = {True: "Let in", False: "Hides", None: "See also"}
#: Findings told in full of each rule, where no DDL is there to note them at.
_TOLD: Final = 10
_SEVERAL: Final = re.compile(r"(?P<table>.*)\.\((?P<first>.*?)(, .*)?\)", re.DOTALL)


@dataclass(frozen=True)
class Note:
    """A finding, the fragments of where it is told in full and of the line that it is about, and, by what it has to do
    with them, the results of the rules on rows.
    """

    finding: dict[str, Any]
    anchor: str
    line: str
    rows: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Line:
    """One line of DDL with its notes, the worst first."""

    sql: str
    anchor: str
    notes: list[Note]

    @property
    def worst(self) -> str:
        """The severity of the worst finding that nobody has accepted; empty where there is none."""
        return next((note.finding["severity"] for note in self.notes if not note.finding.get("accepted")), "")


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
        return {(note.finding["rule"], note.finding["object"]): note.anchor for note in notes}


def annotated(document: dict[str, Any], groups: Iterable[Group]) -> Schema:
    """Put each finding of `groups` at its line. Without any DDL, all findings are the rest."""
    groups = list(groups)
    given = document.get("ddl", {"tables": [], "reason": "it is not in these results"})
    places = _places(given["tables"])
    rows: defaultdict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for found in document["results"]:
        if found["status"] == "failed":
            for weakness in found.get("schema_causes", []):
                at = rows[weakness["rule"], weakness["object"]]
                at.setdefault(_RELATIONS[weakness.get("allows")], []).append(
                    found | {"which": weakness.get("which", "")}
                )
    noted: defaultdict[tuple[int, int], list[Note]] = defaultdict(list)
    loose: list[Rest] = []
    number = 0
    for group in groups:
        homeless: list[Note] = []
        for finding in group.findings:
            place = _place(finding["object"], places)
            number += 1
            line = _anchor(*place) if place else ""
            note = Note(finding, f"schema-{number}", line, rows[finding["rule"], finding["object"]])
            (noted[place] if place else homeless).append(note)
        if homeless:
            loose.append(Rest(group, homeless[:_TOLD], max(len(homeless) - _TOLD, 0)))
    tables = [
        Table(
            table["table"],
            table.get("kind", "table"),
            f"table-{number}",
            [
                Line(line["sql"], _anchor(number, place), noted.get((number, place), []))
                for place, line in enumerate(table["lines"], start=1)
            ],
        )
        for number, table in enumerate(given["tables"], start=1)
    ]
    return Schema(tables, loose, given["reason"], _left_out(given.get("left_out", {})))


def _left_out(counts: dict[str, int]) -> list[str]:
    """What is not shown, in words; results of an earlier version do not tell."""
    tables, found, views = (counts.get(name, 0) for name in ("tables", "with_findings", "views"))
    said = []
    if found:
        said.append(f"{plural(found, 'table')} with findings, which are told below without it")
    if tables > found:
        said.append(f"{plural(tables - found, 'table')} that no rule reads and that no finding is about")
    if views:
        said.append(plural(views, "view"))
    others = ("function", "rule", "foreign_table")
    said += [plural(counts[f"{it}s"], it.replace("_", " ")) for it in others if counts.get(f"{it}s")]
    if roles := counts.get("roles", 0):
        said.append(f"the making of the {plural(roles, 'role')} that rights name")
    return said


def _anchor(table: int, line: int) -> str:
    return f"table-{table}-line-{line}"


def _places(tables: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Table and line, from 1, of each thing that a line makes; of two with one name, the first: the column."""
    places: dict[str, tuple[int, int]] = {}
    for number, table in enumerate(tables, start=1):
        for place, line in enumerate(table["lines"], start=1):
            if line["about"]:
                places.setdefault(line["about"], (number, place))
    return places


def _place(name: str, places: dict[str, tuple[int, int]]) -> tuple[int, int] | None:
    """The line of a thing, else that of the first of several columns, else the head of its table."""
    if name in places:
        return places[name]
    if (several := _SEVERAL.fullmatch(name)) and (column := f"{several['table']}.{several['first']}") in places:
        return places[column]
    ends = (place for place in range(len(name) - 1, 0, -1) if name[place] == ".")
    return next((places[name[:end]] for end in ends if name[:end] in places), None)
