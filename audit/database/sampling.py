"""Samples of tables: columns with few distinct values (for distinct-value evaluation), and the share of rows that meet
a condition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.foreign_code import whole_path

#: Smaller tables are judged row by row: looking first would cost more than it saves.
SMALL: Final = 20_000
#: Rows per value from which on finding the different values is cheaper than judging each row.
_WORTH: Final = 4
_SAMPLE: Final = 20_000


@dataclass(frozen=True)
class ValueColumn:
    """A column as a part of a value; `type` is its type as written, `collation` its collation as an identifier."""

    column: str
    type: str
    is_bits: bool
    collation: str

    def encode(self, column: str) -> str:
        """Return a hashable expression that is different for different values, for any type and collation."""
        # a bit string as text is eight times as long, and slow to write; its bytes begin with its length, and so are
        # never nothing
        return f"coalesce(pg_catalog.bit_send({column}), '')" if self.is_bits else f'({column}::text collate "C")'

    def decode(self, key: str) -> str:
        """The column's value, made of its key again."""
        if self.is_bits:
            return f"('x' || pg_catalog.encode(pg_catalog.substr(nullif({key}, ''), 5), 'hex'))::{self.type}"
        return f"{key}::{self.type}" + (f" collate {self.collation}" if self.collation else "")


def combined_key(value: Sequence[ValueColumn], keys: Sequence[str]) -> str:
    """One expression that can be hashed, made of the keys of some parts; equal where they are, NULL equal to NULL."""
    if [part.is_bits for part in value] == [True]:
        return keys[0]
    cast = "" if all(part.is_bits for part in value) else "::text"
    return f"array[{', '.join(f'{key}{cast}' for key in keys)}]"


def value_columns(connection: psycopg.Connection, table: Relation, columns: Iterable[str]) -> tuple[ValueColumn, ...]:
    """How to take columns of a table as parts of a value. Raises psycopg.Error."""
    rows = connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid = 'bit'::regtype,
          case when c.oid is null then '' else format('%%I.%%I', n.nspname, c.collname) end
        from pg_attribute as a
        left join pg_collation as c on c.oid = a.attcollation
        left join pg_namespace as n on n.oid = c.collnamespace
        where a.attrelid = %s and a.attname = any(%s) and a.attnum > 0
        order by a.attname
        """,
        [table.oid, sorted(columns)],
    ).fetchall()
    return tuple(ValueColumn(*row) for row in rows)


def low_cardinality_sets(
    connection: psycopg.Connection, table: Relation, sets: Collection[frozenset[str]]
) -> list[frozenset[str]]:
    """Return sets of a table's columns with few distinct values, estimated from a sample.

    Subsets of other `sets` are merged into them, and sets that have about as many values together as separately are
    joined.
    """
    try:
        with connection.transaction():
            rows = _rows(connection, table)
            if rows < SMALL:
                return []
            unique = _unique(connection, table)
            shares: dict[frozenset[str], float] = {}
            for columns in sorted(sets, key=lambda columns: (-len(columns), sorted(columns))):
                if columns & unique or any(columns <= other for other in shares):
                    continue
                values = _values(connection, table, columns, rows)
                for other in list(shares):
                    together = _values(connection, table, columns | other, rows)
                    if together <= _WORTH * min(values, shares[other]):
                        del shares[other]
                        columns, values = columns | other, together
                if values * _WORTH <= rows:
                    shares[columns] = values
            return list(shares)
    except psycopg.Error:
        return []  # a table that cannot be sampled: a foreign table, or a locked one


def sample_conditions(
    connection: psycopg.Connection, table: Relation, conditions: list[str], row: str
) -> dict[tuple[bool, ...], int]:
    """How many rows of a sample fulfil which of some conditions on a row so named; none where that does not pay."""
    try:
        # rolled back: the conditions are a rule's
        with connection.transaction(force_rollback=True):
            rows = _rows(connection, table)
            if rows < SMALL:
                return {}
            columns = ", ".join(f"({condition}) is true" for condition in conditions)
            query = f"""
                select array[{columns}], count(*)
                from {quoted(table)} as {row} {_sample(rows)}
                group by 1
                """
            with whole_path(connection):
                counted = connection.execute(query.encode()).fetchall()
            return {tuple(bits): count for bits, count in counted}
    except psycopg.Error:
        return {}


def is_small(connection: psycopg.Connection, table: Relation) -> bool:
    """Whether a table is so small that looking for a better way costs more than it saves."""
    return _rows(connection, table) < SMALL


def _sample(rows: float) -> str:
    return f"tablesample system ({min(100.0, 100.0 * _SAMPLE / rows):.6f}) repeatable (0)"


def _rows(connection: psycopg.Connection, table: Relation) -> float:
    """Return the estimated rows of a table; 0 for a relation without storage."""
    row = connection.execute(
        "select case when reltuples > 0 then reltuples else pg_relation_size(oid) / 100 end::float8"
        " from pg_class where oid = %s and relkind in ('r', 'p', 'm')",
        [table.oid],
    ).fetchone()
    return float(row[0]) if row else 0.0


def _unique(connection: psycopg.Connection, table: Relation) -> set[str]:
    """The columns of which the server's statistics say already that nearly each row has another value."""
    rows = connection.execute(
        "select attname from pg_stats where schemaname = %s and tablename = %s and n_distinct < -1.0 / %s",
        [table.schema, table.name, _WORTH],
    )
    return {row[0] for row in rows}


def _values(connection: psycopg.Connection, table: Relation, columns: frozenset[str], rows: float) -> float:
    """How many different values a table has in some columns, estimated from a sample.

    The estimator is Duj1 of Haas and Stokes (1998), "Estimating the number of classes in a finite population", which
    PostgreSQL's own ANALYZE uses: of n sampled rows of N with d different values, f of which were met once, it makes
    n * d / (n - f + f * n / N).
    """
    keys = ", ".join(part.encode(f"t.{quoted(part.column)}") for part in value_columns(connection, table, columns))
    row = connection.execute(
        f"""
        select coalesce(sum(g.rows), 0)::float8, count(*)::float8, (count(*) filter (where g.rows = 1))::float8
        from (
          select count(*) as rows
          from {quoted(table)} as t {_sample(rows)}
          group by {keys}
        ) as g
        """.encode()
    ).fetchone()
    sampled, different, once = row or (0.0, 0.0, 0.0)
    if not sampled:
        return rows
    return float(sampled * different / (sampled - once + once * sampled / rows))
