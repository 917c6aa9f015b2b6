"""Values of header fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prerequisite:
    """A column that must be there for a rule to be judged, or (with `table` empty) the database's encoding."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}" if self.table else f"encoding {self.name}"


@dataclass(frozen=True)
class Prefilter:
    """A cheap test that excludes rows which cannot violate a rule.

    `table` is the table and its alias in the rule's FROM (`orders as o`), where it occurs once. A row for which the
    select `query` returns rows cannot violate, if the columns of `key` are unique.
    """

    table: str
    query: str
    key: tuple[Prerequisite, ...]


@dataclass(frozen=True)
class Highlight:
    """The highlighted columns of a rule's result.

    `test` is an SQL condition on `value`, the text of one of them. It limits the highlight to values that meet it.
    """

    columns: tuple[str, ...]
    test: str = ""


@dataclass(frozen=True)
class SchemaCause:
    """A finding of a schema rule on an object (`orders.order_ref`) that is a cause of violations.

    If it `allows` violations, its suggestion makes the schema reject them all, or those that `which` describes.
    Otherwise it only makes them hard to detect or prove.
    """

    rule: str
    object: str
    allows: bool = True
    which: str = ""


@dataclass(frozen=True)
class Diagram:
    """The diagram of a violation: a kind of an installed domain, and the columns that identify its subject."""

    kind: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class FollowsFrom:
    """Another rule whose violation explains one of this rule: of the same key, or of the key in the column `by`."""

    rule: str
    by: str = ""
