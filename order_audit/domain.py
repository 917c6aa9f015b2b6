"""Domains: impact, diagrams, and figures in the profile for the tables of a business.

The engine knows tables, keys and columns. A domain knows the meaning of rows for a business. It is an object that an
installed package registers as an entry point of the group `order_audit.domains`; files of a suite never add one. A
domain declares its tables, and does nothing for others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final, Protocol, TypeAlias

from markupsafe import Markup

from order_audit.errors import DomainError

GROUP: Final = "order_audit.domains"
#: What follows a table's name for the whole of a table that is sampled, in `TableFigures.measure`.
WHOLE: Final = " (whole)"
#: An object of JSON.
Json: TypeAlias = dict[str, Any]
#: Runs a query in the audited snapshot and returns its rows. Raises psycopg.Error.
Query: TypeAlias = Callable[[str], list[tuple[Any, ...]]]


# -- impact ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """One number of an impact: an SQL aggregate over rows called x.

    `label` is the counted noun in the singular; for a sum, the summed quantity and its unit. The report shows it;
    results.json uses `name`. For a measure with `about`, the report shows it only where a rule highlights
    one of these columns.
    """

    name: str
    sql: str
    label: str
    is_sum: bool = False
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Related:
    """Rows of another table that belong to a violating key: column `by` equals the key, and `where` is true.

    They are called r in `where` and in `sums`, which maps names to aggregates per key. `columns` are those that both
    read.
    """

    table: str
    by: str
    where: str
    sums: Mapping[str, str]
    columns: frozenset[str]


@dataclass(frozen=True)
class Impact:
    """The impact of violations of a rule on `table`, computed by the statement that judges the rule.

    Without `related`, the measures' rows x are the violating rows with `columns`; rules may have any key. A column of
    `null_if` counts as NULL for rules with that schema cause (schema rule, object) among those that allow violations.
    With `related`, x has the related rows' sums for each violating key, and the rule's key must be `key`.
    """

    table: str
    key: str
    measures: tuple[Measure, ...]
    columns: tuple[str, ...] = ()
    null_if: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    related: Related | None = None


# -- diagrams --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoDiagram:
    """The reason for a missing diagram, and a statement that allows one, if any."""

    reason: str
    help: str


@dataclass(frozen=True)
class Example:
    """An example of a violation: the values of the columns that the rule's `diagram` header names, and the whole row.

    `keys` has no NULLs. Personal values of the row are masked.
    """

    keys: tuple[Any, ...]
    row: Json


class Lookup(Protocol):
    """Reads a few rows of the audited schema, in the snapshot of the audit."""

    def table(self, name: str, columns: Collection[str], by: str, *, unique: bool = True) -> str | NoDiagram:
        """Return a table's name as SQL, if it has these columns and an index finds rows by the column `by`.

        The index has to be unique, unless `unique` is false. A small table needs none.
        """
        ...

    def rows(self, query: str) -> list[Any]:
        """Return the JSON values of a query's only column; none where the query fails."""
        ...

    def literals(self, values: Iterable[Any]) -> str:
        """Return values as a list of SQL literals, as `in (…)` takes it."""
        ...

    def masked(self, value: str, column: str) -> str:
        """Return a text of a column, masked if the report masks the column."""
        ...


@dataclass(frozen=True)
class Figure:
    """A caption, and drawings as inline SVG, each with its heading."""

    caption: str
    drawings: list[tuple[str, Markup]]


class DiagramKind(Protocol):
    """A kind of diagram. The header line `-- diagram: KIND of COLUMN, …` of a rule asks for it."""

    def collect(
        self, lookup: Lookup, examples: Mapping[str, Sequence[Example]]
    ) -> Mapping[str, Sequence[Json] | NoDiagram]:
        """Return the facts of diagrams by rule, for results.json."""
        ...

    def draw(self, facts: Sequence[Json], highlight: Sequence[str]) -> list[Figure]:
        """Draw the facts of one rule; the columns of `highlight` have the wrong values."""
        ...


# -- profile ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chart:
    """Bars: a row has a name, a count of `unit`, and a note if there is any."""

    title: str
    note: str
    unit: str
    rows: list[tuple[str, int]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Crosstab:
    """Counts by two properties: a row has a name, and per column a count and its shade, from 0 to 5.

    `corner` is the heading of the rows' names.
    """

    title: str
    note: str
    corner: str
    columns: list[str]
    rows: list[tuple[str, list[tuple[int, int]]]]


class TableFigures(Protocol):
    """Figures in the profile of a table, under a separate name, with their charts.

    With a member `sampled_by`, a mapping of tables to columns, the figures of large tables are of a sample: of the rows
    with some values of that column, the same values in each of these tables. The profile says so beside each chart.
    """

    @property
    def name(self) -> str:
        """The member of the table's entry in results.json."""
        ...

    @property
    def reads(self) -> Mapping[str, frozenset[str]]:
        """The necessary columns by table. The profile of the first table gets the figures."""
        ...

    @property
    def distinct(self) -> str:
        """A column of the first table that must be unique; or empty."""
        ...

    def measure(self, query: Query, tables: Mapping[str, str]) -> Json:
        """Return the figures; `tables` has the tables as FROM items, which need an alias. Raises psycopg.Error.

        Of a sampled table it has the picked rows, and the whole table under its name followed by WHOLE.
        """
        ...

    def show(self, figures: Json) -> Iterable[Chart | Crosstab]:
        """Return the charts of the figures."""
        ...


# -- registry --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Domain:
    """The extension of audits for a package's tables. Every part may be empty.

    `json_keys_by` names columns that group the profile of JSON documents, in tables with such a column.
    """

    name: str
    impacts: tuple[Impact, ...] = ()
    diagrams: Mapping[str, DiagramKind] = field(default_factory=dict)
    figures: tuple[TableFigures, ...] = ()
    json_keys_by: frozenset[str] = frozenset()


@cache
def domains() -> tuple[Domain, ...]:
    """Return the domains of all installed packages, by name.

    Raises DomainError for one that cannot be loaded, and for two with a diagram kind of the same name.
    """
    loaded: list[Domain] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist else entry.module
        try:
            domain = entry.load()
        except Exception as error:
            raise DomainError(f"domain '{entry.name}' of package {package} cannot be loaded: {error}") from error
        if not isinstance(domain, Domain):
            raise DomainError(f"domain '{entry.name}' of package {package} is no order_audit.domain.Domain")
        for other in loaded:
            if both := sorted(domain.diagrams.keys() & other.diagrams.keys()):
                raise DomainError(f"domains '{other.name}' and '{domain.name}' both have the diagram kind '{both[0]}'")
        loaded.append(domain)
    return tuple(loaded)


def diagram_kinds() -> dict[str, DiagramKind]:
    """Return the diagram kinds of all domains, by name. Raises DomainError."""
    return {name: kind for domain in domains() for name, kind in domain.diagrams.items()}


def table_figures() -> list[TableFigures]:
    """Return the figures of all domains. Raises DomainError."""
    return [figures for domain in domains() for figures in domain.figures]
