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

    @property
    def counted(self) -> str:
        """The number of rows, as an aggregate."""
        if not self.equal:
            return f"count(*) filter (where {self.condition})"
        value = self.equal[0] if len(self.equal) == 1 else f"({', '.join(self.equal)})"
        where = f" filter (where {self.condition})"
        return f"count(*){where} - count(distinct {value}){where}"

    def found(self, table: Table) -> str:
        """A query for keys of such rows, as arrays of texts."""
        key = ", ".join(f"t.{table.columns[name].quoted}" for name in table.key)
        array = f"array[{', '.join(f't.{table.columns[name].quoted}::text' for name in table.key)}]"
        if not self.equal:
            return f"select {array} as key from {table.source} where {self.condition} order by {key} limit {_MOST_KEYS}"
        numbered = (
            f"select {array} as key, row_number() over (order by {key}) as place,"
            f" count(*) over (partition by {', '.join(self.equal)}) as rows from {table.source} where {self.condition}"
        )
        return f"select e.key from ({numbered}) as e where e.rows > 1 order by e.place limit {_MOST_KEYS}"


@dataclass(frozen=True)
class Figure:
    """An aggregate over a table that a suggestion takes its size from."""

    aggregate: str


Asked: TypeAlias = tuple[Table, RowTest | Figure]


class Rows:
    """Answers of tests and figures; `failed` is why a test has none."""

    def __init__(self) -> None:
        self._answers: dict[tuple[int, str], Any] = {}
        self._failed: dict[tuple[int, str], str] = {}
        self._keys: dict[tuple[int, RowTest], tuple[tuple[str, ...], ...]] = {}

    def value(self, table: Table, asked: RowTest | Figure) -> Any:
        """The number of rows of a test, or a figure; None if it could not be read."""
        return self._answers.get((table.oid, _aggregate(asked)))

    def failed(self, table: Table, asked: RowTest | Figure) -> str:
        """Why there is no answer; empty if there is one."""
        return self._failed.get((table.oid, _aggregate(asked)), "")

    def obstacle(self, table: Table, test: RowTest) -> Obstacle:
        """A test with violations as an obstacle, its keys masked."""
        rows: int = self.value(table, test)
        hidden = mask.is_personal(table.key)
        keys = tuple(
            ", ".join(mask.text(part, whole=hidden) for part in key) for key in self._keys.get((table.oid, test), ())
        )
        return Obstacle(test.singular if rows == 1 else test.plural, rows, keys, table.key if keys else ())

    def read(
        self, connection: psycopg.Connection, asked: Iterable[Asked], known: Known, stopped: Callable[[], bool]
    ) -> None:
        """Count: all of one table in one pass, many small tables in one statement. Answers of rules are `known`."""
        asking: dict[tuple[int, str], Probe] = {}
        for table, it in asked:
            aggregate = _aggregate(it)
            place = (table.oid, aggregate)
            if place in self._answers or place in asking:
                continue
            if (answer := known.get((table.source, aggregate))) is not None:
                self._answers[place] = answer
            else:
                asking[place] = Probe(table.source, {"value": aggregate})
        sizes = {table.source: table.rows for table, _ in asked}
        for batch in probes.batches(asking.values(), sizes):
            if stopped():
                return
            probes.look(connection, batch, stopped)
        for place, probe in asking.items():
            if FAILED in probe.answer:
                self._failed[place] = probe.answer[FAILED]
            else:
                self._answers[place] = probe.answer.get("value")

    def read_keys(self, connection: psycopg.Connection, asked: Iterable[Asked], stopped: Callable[[], bool]) -> None:
        """Look up keys of the rows that were counted."""
        asking: dict[tuple[int, RowTest], Probe] = {}
        sizes: dict[str, float] = {}
        for table, test in asked:
            if not isinstance(test, Figure) and table.key and self.value(table, test):
                source = f"({test.found(table)}) as t"
                asking[table.oid, test] = Probe(source, {"keys": "array_agg(t.key)"})
                sizes[source] = table.rows
        for batch in probes.batches(asking.values(), sizes):
            if stopped():
                return
            probes.look(connection, batch, stopped)
        for place, probe in asking.items():
            # without keys where they have a type without an order
            self._keys[place] = tuple(tuple(map(str, key)) for key in probe.answer.get("keys") or ())


def _aggregate(asked: RowTest | Figure) -> str:
    return asked.counted if isinstance(asked, RowTest) else asked.aggregate
