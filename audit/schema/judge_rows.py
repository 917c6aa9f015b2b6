"""The rows that a suggested statement refuses or changes: how many, and which keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import psycopg

from order_audit.audit import mask
from order_audit.audit.schema import probes
from order_audit.audit.schema.judge_catalog import Table
from order_audit.audit.schema.probes import FAILED, Known, Probe
from order_audit.reports.document import Obstacle

#: `refuses`: the statement fails on such a row. `changes`: it loses a part of the value. `stays`: it is accepted, and
#: the row stays, though the new constraint refuses it from then on.
Effect: TypeAlias = Literal["refuses", "changes", "stays"]
#: Keys that are named.
_MOST_KEYS: Final = 5
#: Rows that a test with a look-up or a conversion for each row reads of a table for keys; of a larger one, a sample.
_MOST_READ: Final = 100_000


@dataclass(frozen=True)
class RowTest:
    """A condition for rows with the alias t that are in the way; `singular` and `plural` continue "1 row", "2 rows".

    With `equal`, expressions in SQL, the rows are those that meet the condition and equal an earlier one in these.
    """

    condition: str
    effect: Effect
    singular: str
    plural: str
    equal: tuple[str, ...] = ()

    def probe(self, table: Table) -> Probe:
        """The number of rows as a probe. Equal ones are grouped, which takes less than to count what differs."""
        if not self.equal:
            return Probe(table.source, {"value": probes.count(table.source, self.condition)})
        repeated = f"({self._groups(table, 'count(*) as rows')}) as t"
        return Probe(repeated, {"value": "coalesce(sum(t.rows - 1), 0)::bigint"})

    def first_keys(self, table: Table) -> Probe:
        """Keys of the rows as a probe, each an array of texts, in the order of the key."""
        columns = [f"t.{table.columns[name].quoted}" for name in table.key]
        key, array = ", ".join(columns), f"array[{', '.join(f'{column}::text' for column in columns)}]"
        source = table.source
        if "select" in self.condition or "json" in self.condition:
            source = _sample(table)
        condition, first = self.condition, ""
        if self.equal:
            values = ", ".join(self.equal)
            # materialized, so that parallel workers do not group the rows once each
            first = f"with twice as materialized ({self._groups(table, values)}) "
            condition += f" and ({values}) in (select * from twice)"
        rows = f"{first}select {array} as key from {source} where {condition}"
        return Probe(f"({rows} order by {key} limit {_MOST_KEYS}) as t", {"keys": "array_agg(t.key)"})

    def _groups(self, table: Table, what: str) -> str:
        """A query with a row for each group of equal rows."""
        rows = f"from {table.source} where {self.condition} group by {', '.join(self.equal)} having count(*) > 1"
        return f"select {what} {rows}"


@dataclass(frozen=True)
class Figure:
    """An aggregate over a table that a suggestion takes its size from."""

    aggregate: str

    def probe(self, table: Table) -> Probe:
        """The figure as a probe."""
        return Probe(table.source, {"value": self.aggregate})


Asked: TypeAlias = tuple[Table, RowTest | Figure]


class Rows:
    """Answers of tests and figures."""

    def __init__(self) -> None:
        self._answers: dict[tuple[int, RowTest | Figure], Any] = {}
        self._failed: dict[tuple[int, RowTest | Figure], str] = {}
        self._keys: dict[tuple[int, RowTest], tuple[tuple[str, ...], ...]] = {}

    def value(self, table: Table, asked: RowTest | Figure) -> Any:
        """The number of rows of a test, or a figure; None if it could not be read."""
        return self._answers.get((table.oid, asked))

    def failed(self, table: Table, asked: RowTest | Figure) -> str:
        """Why there is no answer; empty if there is one."""
        return self._failed.get((table.oid, asked), "")

    def obstacle(self, table: Table, test: RowTest) -> Obstacle:
        """A test with violations as an obstacle, its keys masked."""
        rows: int = self.value(table, test)
        keys = tuple(
            ", ".join(mask.key(part, table.key) for part in key) for key in self._keys.get((table.oid, test), ())
        )
        return Obstacle(test.singular if rows == 1 else test.plural, rows, keys, table.key if keys else ())

    def read(
        self, connection: psycopg.Connection, asked: Iterable[Asked], known: Known, stopped: Callable[[], bool]
    ) -> None:
        """Count: all of one table in one pass, many small tables in one statement. Answers of rules are `known`."""
        asking: dict[tuple[int, RowTest | Figure], Probe] = {}
        sizes: dict[str, float] = {}
        for table, it in asked:
            probe = it.probe(table)
            answer = known.get((probe.source, probe.aggregates["value"]))
            if answer is None:
                asking.setdefault((table.oid, it), probe)
                sizes[probe.source] = table.rows
            else:
                self._answers[table.oid, it] = answer
        _run(connection, asking.values(), sizes, stopped)
        for place, probe in asking.items():
            if FAILED in probe.answer:
                self._failed[place] = probe.answer[FAILED]
            else:
                self._answers[place] = probe.answer.get("value")

    def read_keys(self, connection: psycopg.Connection, asked: Iterable[Asked], stopped: Callable[[], bool]) -> None:
        """Look up keys of the rows that were counted.

        Without keys remain rows that a sample of a large table does not have, and keys of a type without an order.
        """
        asking: dict[tuple[int, RowTest], Probe] = {}
        sizes: dict[str, float] = {}
        for table, test in asked:
            if not isinstance(test, Figure) and table.key and self.value(table, test):
                asking[table.oid, test] = test.first_keys(table)
                sizes[asking[table.oid, test].source] = table.rows
        _run(connection, asking.values(), sizes, stopped)
        for place, probe in asking.items():
            self._keys[place] = tuple(tuple(map(str, key)) for key in probe.answer.get("keys") or ())


def _run(
    connection: psycopg.Connection, asking: Iterable[Probe], sizes: dict[str, float], stopped: Callable[[], bool]
) -> None:
    for batch in probes.batches(asking, sizes):
        if stopped():
            return
        probes.look(connection, batch, stopped)


def _sample(table: Table) -> str:
    """A table as a test reads it for keys."""
    if table.is_sampled or table.rows <= _MOST_READ:
        return table.source
    return f"{table.source} tablesample system ({100 * _MOST_READ / table.rows:.6f}) repeatable (0)"
