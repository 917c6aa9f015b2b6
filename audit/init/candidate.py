"""A candidate: a rule that may hold, with the figures it is drawn from; and what is not proposed, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, Literal

from order_audit.audit.init.facts import Column, Table
from order_audit.reports.formatting import share

Kind = Literal[
    "reference", "key", "unique", "not_null", "freshness", "row_count", "allowed_values", "order", "format", "range",
    "not_negative", "not_in_future", "dependency", "not_blank",
]  # fmt: skip

#: By kind: how useful a rule is, its severity, and what the summary calls it. The most useful come first.
KINDS: Final[dict[Kind, tuple[str, str]]] = {
    "key": ("critical", "composite key"),
    "reference": ("critical", "reference"),
    "unique": ("critical", "unique column"),
    "not_null": ("warning", "not null"),
    "freshness": ("warning", "freshness"),
    "row_count": ("warning", "row count"),
    "allowed_values": ("warning", "allowed values"),
    "order": ("warning", "order of two columns"),
    "format": ("warning", "format"),
    "range": ("warning", "range"),
    "not_negative": ("warning", "not negative"),
    "not_in_future": ("warning", "not in the future"),
    "dependency": ("info", "functional dependency"),
    "not_blank": ("info", "not blank"),
}
#: Kinds of which a table has one file for all of its columns.
GROUPED: Final[frozenset[Kind]] = frozenset(("not_null", "range", "not_negative", "not_in_future", "not_blank"))
#: The share of rows that may break a rule that is proposed for all that; the rule tolerates them.
EXCEPTIONS: Final = Fraction(1, 1000)
#: The same for kinds of which such a row is a fault for sure: the rule tolerates none, and a run fails on them.
FAULTS: Final = Fraction(1, 100)
_LIMITS: Final[dict[Kind, Fraction]] = {
    "unique": EXCEPTIONS,
    **dict.fromkeys(("reference", "allowed_values", "order", "format", "range", "not_in_future"), FAULTS),
}
#: The share of rows that may break a reference which is printed although it is no rule.
_PRINTED: Final = Fraction(1, 5)


@dataclass(frozen=True)
class Candidate:
    """A rule that may hold.

    A `condition` on `t` is true for rows that break it; other rules have a whole `query`, with the columns that
    identify its rows in `key`. `checked` is the number of rows that it says something about. `figures` are sentences
    for the header. A `measure` is a column of the query with the measured value, and its bound as a line of the header.
    `target` is the table that a reference leads to, with its rows. `is_guess`: values alone speak for it, and no name.
    `grade` is a severity other than that of the kind. `broken` is the number of violations, once it is known.
    """

    kind: Kind
    table: Table
    columns: tuple[Column, ...]
    title: str
    why: str
    checked: int
    figures: tuple[str, ...] = ()
    condition: str = ""
    query: str = ""
    key: tuple[str, ...] = ()
    measure: tuple[str, str] | None = None
    target: str = ""
    target_rows: int = 0
    is_guess: bool = False
    grade: str = ""
    broken: int = field(default=0)

    @property
    def subject(self) -> str:
        """What it is about: the table with its columns."""
        names = ", ".join(column.name for column in self.columns)
        return f"{self.table.shown}.{names}" if len(self.columns) == 1 else f"{self.table.shown} ({names})"

    @property
    def unit(self) -> str:
        """What `checked` and `broken` count."""
        return "different value" if self.kind == "dependency" else "row"

    @property
    def severity(self) -> str:
        """That of its kind, unless it has one of its own. Where a column is nearly unique, no gate has to fail."""
        return self.grade or ("warning" if self.kind == "unique" and self.broken else KINDS[self.kind][0])

    @property
    def limit(self) -> Fraction:
        """The share of rows that may break it."""
        return EXCEPTIONS if self.is_guess else _LIMITS.get(self.kind, EXCEPTIONS)

    @property
    def is_within_limit(self) -> bool:
        """Whether so few rows break it that it is proposed for all that."""
        return Fraction(self.broken) <= self.limit * self.checked

    @property
    def finds_faults(self) -> bool:
        """Whether rows break it that are faults for sure."""
        return bool(self.broken) and not self.is_guess and self.kind in _LIMITS

    @property
    def is_near(self) -> bool:
        """Whether it is printed, although it is no rule."""
        most = _PRINTED if self.kind == "reference" else FAULTS
        return not self.is_within_limit and Fraction(self.broken) <= most * self.checked

    @property
    def exceptions(self) -> str:
        """The fault with the number of rows that break it."""
        return f"{self.title}: {self.broken:,} of {self.checked:,} ({share(self.broken, self.checked)})"

    def with_broken(self, count: int) -> Candidate:
        """Return it with the number of its violations."""
        return replace(self, broken=count)


#: How the reasons begin that are errors of the server.
UNREADABLE: Final = "it cannot be read: "
REFUSED: Final = "the server: "


@dataclass(frozen=True)
class Omitted:
    """What is not proposed: a subject (a table, or its column), the kind of rule, and the reason.

    `columns` are those of a key that may be chance. `near` says that few rows break it, with how many of how many.
    """

    subject: str
    kind: str
    reason: str
    columns: tuple[str, ...] = ()
    near: str = ""

    @property
    def failed(self) -> bool:
        """Whether the server returned an error."""
        return self.reason.startswith((UNREADABLE, REFUSED))
