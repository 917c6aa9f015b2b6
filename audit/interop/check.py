"""The checks of all formats in one form, between the readers and the writer of rule files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from order_audit.audit.interop.names import quoted
from order_audit.expectations import Severity


@dataclass(frozen=True)
class Table:
    """A table, with its schema if the file names it."""

    name: str
    schema: str = ""

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}" if self.schema else quoted(self.name)

    def column(self, name: str) -> str:
        """Return the SQL that reads a column, in a query `from` this table."""
        return f"{quoted(self.name)}.{quoted(name)}"


@dataclass(frozen=True)
class Rows:
    """Each row for which an SQL condition is true violates. Columns of the table are `Table.column`."""

    condition: str


@dataclass(frozen=True)
class Groups:
    """Each different value of the columns violates, among the rows for which `condition` is true, if `having` is."""

    condition: str
    having: str = ""


@dataclass(frozen=True)
class Repeats:
    """Rows whose values of the columns occur more than once: all of them, or all but the first by key."""

    condition: str
    but_first: bool = False


@dataclass(frozen=True)
class Value:
    """One value, an SQL expression over the rows of the table; or a query of its own that yields it as `value`.

    With `is_query`, `sql` is that query.
    """

    sql: str
    is_query: bool = False


@dataclass(frozen=True)
class Faults:
    """Each row of a query of its own violates; `key` has the columns that identify it."""

    sql: str
    key: tuple[str, ...]


Body: TypeAlias = Rows | Groups | Repeats | Value | Faults


@dataclass(frozen=True)
class Level:
    """The limit that fails a check at a severity.

    For rows: `above` some number of them. For a value: a bound as in a rule file, such as `at_most 5`.
    """

    severity: Severity
    above: int = 0
    bound: str = ""


@dataclass(frozen=True)
class Check:
    """One check. `name` is a file's name below the folder of its table; `origin` says which check of the file it is.

    `columns` are those that it is about. `where` limits the rows: an SQL condition in the words of the file. `levels`
    begin with the worst. `notes` are remarks about differences.
    """

    table: Table
    name: str
    title: str
    origin: str
    body: Body
    columns: tuple[str, ...] = ()
    where: str = ""
    levels: tuple[Level, ...] = (Level("critical"),)
    why: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A check that is not imported."""

    origin: str
    reason: str


class CannotImportError(Exception):
    """One check has no equivalent; the message is the reason."""


@dataclass
class Found:
    """What a file contains. `keys` has the primary keys that it names."""

    checks: list[Check] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    keys: dict[Table, tuple[str, ...]] = field(default_factory=dict)

    def leave_out(self, origin: str, reason: object) -> None:
        """Note a check that is not imported."""
        self.left_out.append(LeftOut(origin, str(reason)))
