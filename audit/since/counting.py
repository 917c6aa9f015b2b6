"""Rows that a rule looks at, where its query says so in each place that reads their table.

One that reads `orders` only where `status = 'active'` finds the same on a table that has no other orders. Which rows
meet such a condition is kept, a bit for each, so that an audit reads the few active orders of a customer, and not all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import psycopg

from order_audit.audit.analysis.dependence import ROW, Dependence
from order_audit.audit.analysis.filters import Filter, condition, implies
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.tables import Table
from order_audit.audit.since.values import BITS, Value

#: The name of the array with the bits.
COUNTS: Final = "rows that count"
#: A computation that can fail: the negative of the lowest integer does.
_NEGATIVE: Final = re.compile(r"-\s*[^\s0-9]")


class Counting:
    """The conditions of each table: `values` are their bits, `filters` the filters of each."""

    def __init__(
        self,
        connection: psycopg.Connection,
        tables: Mapping[RelationName, Table],
        rules: Iterable[tuple[PreparedRule, Dependence]],
    ) -> None:
        self.filters: dict[RelationName, list[tuple[Filter, ...]]] = {}
        for prepared, derived in rules:
            for name in _read_by_group(derived, tables):
                wanted = prepared.query.read_sets.get(name.relation)
                if wanted is not None and _is_possible(connection, tables[name], wanted.filters):
                    self._add(self.filters.setdefault(name, []), wanted.filters)
        self.values = {name: _bits(filters) for name, filters in self.filters.items()}

    def _add(self, there: list[tuple[Filter, ...]], wanted: tuple[Filter, ...]) -> None:
        """Add a condition, unless a wider one is there; leave out those that it includes."""
        if any(_includes(known, wanted) for known in there):
            return
        there[:] = [known for known in there if not _includes(wanted, known)]
        if len(there) < BITS:
            there.append(wanted)

    def bit(self, table: RelationName, wanted: Iterable[Filter]) -> int:
        """Return the bit of rows among which are all that meet the condition; 0 if none is kept."""
        filters = tuple(wanted)
        known = self.filters.get(table, ())
        return next((1 << place for place, wider in enumerate(known) if _includes(wider, filters)), 0)

    def counted(self, prepared: PreparedRule, derived: Dependence, tables: Mapping[RelationName, Table]) -> Dependence:
        """Return a rule's dependence with the bits of the rows that it looks at."""
        bits = {
            name: bit
            for name in _read_by_group(derived, tables)
            if (wanted := prepared.query.read_sets.get(name.relation)) and (bit := self.bit(name, wanted.filters))
        }
        return replace(derived, counts=tuple(sorted(bits.items())))


def _read_by_group(derived: Dependence, tables: Mapping[RelationName, Table]) -> set[RelationName]:
    """Return the tables of which a rule reads several rows for one: not by their key."""
    return {
        edge.same.table
        for edge in derived.edges
        if not edge.same.table.schema and (edge.same.column,) != tables[edge.same.table].key
    }


def _is_possible(connection: psycopg.Connection, table: Table, filters: tuple[Filter, ...]) -> bool:
    """Whether a condition has a value on each row of a table."""
    text = condition(filters)
    if _NEGATIVE.search(text):
        return False
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"select ({text}) from {table.name} as {ROW} limit 0".encode())
    except psycopg.Error:
        return False
    return True


def _includes(wider: tuple[Filter, ...], filters: tuple[Filter, ...]) -> bool:
    return all(any(implies(one, other) for other in wider) for one in filters)


def _bits(conditions: list[tuple[Filter, ...]]) -> Value:
    bits = (f"case when {condition(filters)} then {1 << place} else 0 end" for place, filters in enumerate(conditions))
    return Value(" + ".join(bits), "bits")
