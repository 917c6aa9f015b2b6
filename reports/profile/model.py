"""The displayed parts of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from order_audit.domain import Chart, Crosstab
from order_audit.reports import diagrams


@dataclass(frozen=True)
class Top:
    """A value that is there most often, as text; `is_cut` where only its beginning is."""

    value: str
    is_cut: bool
    count: int


@dataclass(frozen=True)
class Documents:
    """JSON documents beside one value of another column: how many, and their keys; `rows` is None for all documents."""

    value: str | None
    rows: int | None
    keys: list[tuple[str, int]]
    more: int


@dataclass(frozen=True)
class Histogram:
    """Steps in words with their counts, and the ends of the axis."""

    steps: list[tuple[str, int]]
    low: str
    high: str


@dataclass
class Column:
    """A column. Without figures it has an `error`.

    `exact` is of all rows; everything after it is of as many rows as were `picked` at random, or of all. `bits` has for
    each bit the share of the `there` rows that have it set. `documents` are JSON, by the value of `documents_by`.
    """

    table: str
    name: str
    type: str
    error: str = ""
    rows: int = 0
    nulls: int = 0
    distinct: int = 0
    is_estimated: bool = False
    exact: list[str] = field(default_factory=list)
    picked: int | None = None
    there: int = 0
    histogram: Histogram | None = None
    not_drawn: str = ""
    bits: Sequence[float] = ()
    numbers: list[tuple[str, str]] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    documents: list[Documents] = field(default_factory=list)
    documents_by: str = ""
    more_documents: int = 0
    top: list[Top] = field(default_factory=list)

    @property
    def picture(self) -> Markup | None:
        """The diagram, if any."""
        path = f"{self.table}.{self.name}"
        if self.bits:
            return diagrams.bitmap(f"{path}: rows by bit that is set", self.bits, self.there)
        if (histogram := self.histogram) is None:
            return None
        return diagrams.histogram(f"{path}: rows by value", histogram.steps, histogram.low, histogram.high)


@dataclass
class Table:
    """A table; the first of its `columns`, where there are too many. Where it `is_part`, some figures are not of all
    rows. `size` is its number of rows in words; figures of columns are of the `sampled` rows, if any. `alerts` are
    columns with a sentence each, the first of them; `more_alerts` is the number of the others.
    """

    name: str
    error: str = ""
    size: str = ""
    sampled: int | None = None
    width: int = 0
    facts: list[str] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    more_alerts: int = 0
    columns: list[Column] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    crosstabs: list[Crosstab] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_part: bool = False


@dataclass(frozen=True)
class Profile:
    """The profile of a page."""

    tables: list[Table]
    is_folded: bool
