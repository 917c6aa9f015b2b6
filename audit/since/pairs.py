"""Pairs of numbers: a value of a row, and one that a rule computes from the row, of which it has none or several.

They are kept beside the rows. A pair stays when its row is gone: then a few rows too many are judged again, and never
too few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg

from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.database import catalog
from order_audit.audit.scans.restriction import RestrictedTable
from order_audit.audit.since.changes import Changes
from order_audit.audit.since.copied import copied
from order_audit.audit.since.numbers import Numbers, among, different, listed
from order_audit.audit.since.state_file import ID, PartWriter, Rows, State
from order_audit.audit.since.tables import Table
from order_audit.audit.since.values import Value, fits, number_of

#: The array of the second numbers.
_KEY: Final = "key"
#: Types of texts: the query writes their collation out.
_VARCHAR: Final = 1043
_TYPES: Final = (25, _VARCHAR)


@dataclass(frozen=True)
class PairQuery:
    """The pairs of all rows: a query of values, and SQL of their `numbers`. `name` is that of its pairs in a state."""

    query: str
    numbers: str

    @property
    def sql(self) -> str:
        """The query of the numbers."""
        return self.of(self.query)

    def of(self, query: str) -> str:
        """Return the query of the numbers of another query's values."""
        return f"select distinct {self.numbers} from (\n{query}\n) as p (value, key)"

    @property
    def name(self) -> str:
        """The name of the pairs in a state."""
        return f"pairs {hashlib.sha256(self.sql.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Pairs:
    """Pairs of numbers, of which the last `new` ones are not in the earlier state."""

    values: Numbers
    keys: Numbers
    new: int = 0

    def beside(self, values: Numbers) -> Numbers:
        """Return the values that share a key with one of some `values`."""
        keys = different(self.keys[among(self.values, values)])
        return different(self.values[among(self.keys, keys)])


def pair_query(connection: psycopg.Connection, query: str, value: Value) -> PairQuery:
    """Return the query of numbers for a query of pairs; `value` is that of its first column. Raises Underivable."""
    try:
        with connection.transaction(force_rollback=True):
            first, second = (column.type for column in catalog.describe(connection, query))
    except psycopg.Error:
        raise Underivable("it compares values that cannot be computed apart from its query") from None
    if second not in _TYPES or not fits(value, first):
        raise Underivable("it has a window by a value of a type that the analysis does not know")
    numbers = f"{number_of('p.value', value)} as value, {number_of('p.key')} as key"
    return PairQuery(query, numbers)


def read(connection: psycopg.Connection, query: PairQuery, rows: str = "") -> Pairs | None:
    """Read the pairs; `rows` is the WITH query of the rows whose pairs are wanted. None if one cannot be computed."""
    withs = f"with {rows} " if rows else ""
    listed = "pg_catalog.array_agg(d.value), pg_catalog.array_agg(d.key)"
    try:
        with connection.transaction():
            values, keys = copied(connection, f"{withs}select {listed} from (\n{query.sql}\n) as d", 2)
    except psycopg.Error:
        if connection.closed:
            raise
        return None
    return Pairs(values, keys, len(values))


def known(
    connection: psycopg.Connection,
    queries: Mapping[str, tuple[PairQuery, Table]],
    old: State,
    found: Mapping[str, Changes],
) -> dict[str, Pairs]:
    """Return the pairs of an earlier state with those of changed rows, of each query of which both can be read.

    `queries` are by their names in a dependence, each with the table of its rows; `found` has changes by table.
    """
    pairs: dict[str, Pairs] = {}
    for name, (query, table) in queries.items():
        changes = found.get(table.name)
        if changes is None or old.facts.get("pairs", {}).get(query.name) != query.sql:
            continue
        ids = listed(changes.rows.arrays[ID][changes.new])
        rows = RestrictedTable(table.relation.name, table.name, table.id.sql, table.id_type, ids)
        if (later := read(connection, query, rows.text())) is not None:
            pairs[name] = _since(old, query, later)
    return pairs


def _since(old: State, query: PairQuery, later: Pairs) -> Pairs:
    """Return the pairs of an earlier state and those of later rows. Raises UnreadableError."""
    table = old.table(query.name)
    try:
        values, keys = table.ids, table.array(_KEY)
    finally:
        table.close()
    return Pairs(np.concatenate((values, later.values)), np.concatenate((keys, later.keys)), later.new)


def write(query: PairQuery, pairs: Pairs, part: PartWriter) -> None:
    """Write the new pairs into a part of a state."""
    first = len(pairs.values) - pairs.new
    part.rows(query.name, Rows({ID: pairs.values[first:], _KEY: pairs.keys[first:]}))
