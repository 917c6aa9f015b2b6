"""The rows and keys that a statement of scans is restricted to."""

from __future__ import annotations

from dataclasses import dataclass

from order_audit.audit.analysis.filters import ROW
from order_audit.audit.database.quoting import quoted


@dataclass(frozen=True)
class RestrictedTable:
    """The rows of a table that are read, by the number of their key, of a type, under the table's bare name."""

    name: str
    table: str
    number: str
    type: str
    rows: str

    def text(self, *, in_place: bool = False) -> str:
        """The `with` query that gives them; the server takes its rows `in_place` if it stands once in the statement."""
        return (
            f"{quoted(self.name)} as {'not materialized ' * in_place}(\n"
            f"  select * from {self.table} as {ROW}\n"
            f"  where {self.number} operator(pg_catalog.=) any ('{{{self.rows}}}'::{self.type}[])\n)"
        )


@dataclass(frozen=True)
class Restriction:
    """The rows of tables that are read, and the keys whose verdicts count.

    `number` is the number of a key, with `column` for its first column; the verdicts on the keys `open` can have
    changed. Of rules that judge single rows with a unique key, `known` has by rule the other violating keys. `related`
    has the rows of other tables, by oid, that the impact of these keys adds up.
    """

    tables: tuple[RestrictedTable, ...]
    number: str
    column: str
    keys: str
    open: str
    known: tuple[tuple[str, str], ...] = ()
    related: tuple[tuple[int, RestrictedTable], ...] = ()
    repeats: bool = False

    def texts(self) -> list[str]:
        """The `with` queries; with a subquery for each row, the server had better use indexes of the tables."""
        related = [table.text() for _, table in self.related]
        return [*(table.text(in_place=self.repeats) for table in self.tables), *related]

    def rows_of(self, oid: int) -> str | None:
        """Return the name of the related rows of a table, quoted; None if all of its rows are read."""
        return next((quoted(table.name) for known, table in self.related if known == oid), None)

    def counts(self, key: str) -> str:
        """Return the condition that a row counts whose first key column is `key`."""
        return self._among(key, self.keys)

    def verdict(self, rule: str, key: str, condition: str) -> str:
        """Return the condition of a rule on a row with a key, which is not tested where its verdict is known."""
        known = dict(self.known).get(rule)
        if known is None:
            return condition
        return f"case when {self._among(key, self.open)} then ({condition}\n) else {self._among(key, known)} end"

    def _among(self, key: str, numbers: str) -> str:
        # of one type: else the server compares with each number of the list, and does not hash them
        return f"({self.number.replace(self.column, key)})::int8 operator(pg_catalog.=) any ('{{{numbers}}}'::int8[])"
