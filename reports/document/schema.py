"""Schema findings and the DDL of their objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from order_audit.expectations import Severity
from order_audit.reports.document.codec import Count, JsonObject, note


@dataclass(frozen=True)
class Obstacle:
    """Why a suggested statement fails, changes values, or is not all that must be done."""

    text: Annotated[str, note("What is in the way: a phrase about the rows or the object.")]
    rows: Annotated[int | None, note("Rows that are in the way, if they were counted.", minimum=0)] = None
    keys: Annotated[tuple[str, ...], note("Keys of up to five of the rows, masked.")] = ()
    key: Annotated[tuple[str, ...], note("The columns of the keys.")] = ()
    object: Annotated[str, note("The object that is in the way, with its kind.")] = ""
    definition: Annotated[str, note("The statement that creates the object, if it is one.")] = ""


@dataclass(frozen=True)
class Outcome:
    """What a suggestion would do if it was run in the snapshot. Nothing is run: it is judged by the catalogs and rows.

    It `runs`; or rows have values that it would change (`changes`), or that it does not accept (`refused`); or an
    object has to be changed first (`blocked`); or it is `not_judged`.
    """

    kind: Literal["runs", "changes", "refused", "blocked", "not_judged"]
    obstacles: Annotated[
        tuple[Obstacle, ...], note("Of a suggestion that runs: what stays as it is, or must change with it.")
    ] = ()
    lock: Annotated[str, note("The strongest lock that it takes on a table that exists; empty for none.")] = ""
    rewrites: Annotated[tuple[str, ...], note("The tables that it rewrites, as in `object`.")] = ()
    sampled: Annotated[bool, note("Whether the rows are those of a sample.")] = False


@dataclass(frozen=True)
class DdlPlace:
    """A line of a file of DDL."""

    file: Annotated[str, note("Relative to the working folder if it is below it.")]
    line: Annotated[int, note(minimum=1)]


@dataclass(frozen=True)
class SchemaFinding:
    """A fault of one object.

    `remedy` is the kind of suggestion: a `statement` to run, a `rewrite` of the table by a change of type, or a
    `redesign`, which needs a decision on the design or on conflicting rows or objects.
    """

    rule: str
    title: str
    severity: Severity
    object: Annotated[str, note("table.column in the audited schema, else schema.table.column.")]
    message: str
    evidence: JsonObject
    suggestion: str
    remedy: Literal["statement", "rewrite", "redesign"]
    accepted: Annotated[str, note("The reason why it is accepted; empty if it is open.")] = ""
    outcome: Annotated[Outcome | None, note("The outcome of the suggestion's statements; null for prose.")] = None
    baseline: Annotated[
        Literal["", "new", "known"], note("Whether the baseline had it, too; empty without a baseline that was linted.")
    ] = ""
    place: Annotated[DdlPlace | None, note("With --ddl: where its object is defined.")] = None
    since: Annotated[datetime | None, note("With --history: the run that first saw it; null without a history.")] = None


@dataclass(frozen=True)
class SchemaRule:
    """The outcome of a schema rule."""

    rule: str
    title: str
    severity: Severity
    status: Literal["checked", "not_checkable", "errored"]
    findings: Count
    why: str
    reason: Annotated[str, note("Why it was not checkable, or errored.")] = ""


@dataclass(frozen=True)
class Suppression:
    """Accepted schema findings, or accepted violations of a rule, by their keys or up to a number."""

    rule: str
    object: Annotated[str, note("The object of the schema finding; empty for violations.")]
    reason: str
    keys: Annotated[tuple[str, ...], note("The keys of the violations, as in violations.csv.")] = ()
    at_most: Annotated[int | None, note("The number of violations up to which all are accepted.", minimum=1)] = None
    owner: Annotated[str, note("The person or team that decided.")] = ""
    expires: Annotated[str, note("The last day on which it holds.")] = ""
    status: Annotated[
        Literal["", "used", "unused", "expired", "exceeded"],
        note("What became of it; `exceeded`: there are more violations than `at_most`, and none is accepted."),
    ] = ""
    suppressed: Annotated[int, note("The violations that it accepts.", minimum=0)] = 0
    unused_keys: Annotated[tuple[str, ...], note("Keys that are no violation.")] = ()
    place: Annotated[str, note("The file and line of the configuration that says so; empty for those of --allow.")] = ""

    @property
    def at(self) -> str:
        """The place behind other words."""
        return f"; {self.place}" if self.place else ""

    @property
    def what(self) -> str:
        """The object, the keys or the number, in words."""
        if self.at_most is not None:
            return f"up to {self.at_most:,} violation{'s' * (self.at_most != 1)}"
        return self.object or f"key{'s' * (len(self.keys) > 1)} {', '.join(self.keys[:5])}" + ", …" * (
            len(self.keys) > 5
        )

    @property
    def words(self) -> str:
        """The reason, with the owner and the last day."""
        notes = [self.owner] * bool(self.owner) + [f"until {self.expires}"] * bool(self.expires)
        return self.reason + (f" ({', '.join(notes)})" if notes else "")


@dataclass(frozen=True)
class DdlLine:
    """A line of DDL."""

    sql: Annotated[str, note("A line, or a statement of several.")]
    about: Annotated[
        str,
        note(
            "The object that it creates, as in a schema finding's `object`: a table, column, constraint, index, "
            "trigger, policy or view; else empty."
        ),
    ]


@dataclass(frozen=True)
class DdlTable:
    """The lines of a table, or of a view."""

    table: Annotated[str, note("As in `object`: without the audited schema's name.")]
    kind: Literal["table", "view"]
    lines: tuple[DdlLine, ...]


@dataclass(frozen=True)
class LeftOut:
    """Numbers of tables and views that are not shown, of tables with findings among them, and of objects of kinds that
    are never shown.
    """

    tables: Count
    with_findings: Count
    views: Count
    functions: Count = 0
    rules: Count = 0
    foreign_tables: Count = 0
    roles: Annotated[int, note("Roles that rights and policies of the tables name.", minimum=0)] = 0


@dataclass(frozen=True)
class Ddl:
    """The DDL of the tables that rules read and of those with schema findings, up to 40, and of up to 40 views."""

    tables: Annotated[
        tuple[DdlTable, ...],
        note("Those first that others refer to: all lines, in their order, are a script that makes them."),
    ]
    reason: Annotated[str, note("Why it could not be read; else empty.")]
    left_out: LeftOut | None = None
