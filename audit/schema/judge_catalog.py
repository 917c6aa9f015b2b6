"""What the catalogs know of the tables that suggestions change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from order_audit.audit.analysis.ddl_statement import unquoted
from order_audit.audit.schema import judge_queries as queries
from order_audit.foreign_code import at_home


@dataclass(frozen=True)
class Column:
    """A column: `kind` is the name of its base type (int4, numeric), `typmod` the modifier, `type` as in SQL.

    `not_null_children` are the children that have a NOT NULL constraint of their own on it.
    """

    name: str
    quoted: str
    kind: str
    typmod: int
    type: str
    type_oid: int
    is_not_null: bool
    is_generated: bool
    is_inherited: bool
    default: str | None
    not_null_children: list[str]


@dataclass(frozen=True, eq=False)
class Table:
    """A table. `source` is what a test of its rows reads, with the alias t: all of it, or a sample (`is_sampled`).

    `unique` are the columns of its valid unique indexes without a predicate, `constraints` its constraints by name.
    """

    oid: int
    quoted: str
    object: str
    schema: str
    name: str
    kind: str
    source: str
    is_sampled: bool
    rows: float
    is_typed: bool
    key: tuple[str, ...]
    unique: tuple[frozenset[str], ...]
    partition_columns: frozenset[str]
    columns: Mapping[str, Column]
    constraints: Mapping[str, Mapping[str, Any]]
    row_type_users: tuple[str, ...]

    def column(self, written: str) -> Column | None:
        """A column by its name as in a statement."""
        return self.columns.get(unquoted(written))


@dataclass(frozen=True)
class Dependent:
    """An object that reads a column: `kind` is view, rule, policy, trigger, generated column, index, publication and
    the like; `definition` what creates it, where that is one statement; `expression` what it computes from the column.

    `is_simple`: a view that can be dropped and created again by its definition alone.
    """

    kind: str
    name: str
    table: int
    column: str
    oid: int
    definition: str
    expression: str
    is_simple: bool


@dataclass(frozen=True)
class Reference:
    """A column of a foreign key: the table's oid and its name for SQL, and the column's type."""

    table: int
    quoted: str
    column: str
    kind: str


@dataclass(frozen=True)
class Facts:
    """The tables by their names in statements, what reads their columns, what references them, and taken names."""

    tables: Mapping[str, Table]
    dependents: Mapping[tuple[int, str], list[Dependent]]
    references: Mapping[tuple[int, str], list[Reference]]
    taken: frozenset[str]
    version: int


def read(connection: psycopg.Connection, names: Collection[str], new: Collection[str]) -> Facts:
    """Read the facts of the tables `names`, and which of the `new` names are taken, in one transaction."""
    with connection.transaction(force_rollback=True):
        rows = _rows(connection, queries.TABLES, {"names": sorted(names)})
        oids = {"oids": sorted({row["oid"] for row in rows})}
        columns: defaultdict[int, dict[str, Column]] = defaultdict(dict)
        for row in _rows(connection, queries.COLUMNS, oids):
            of = row.pop("table")
            columns[of][row["name"]] = Column(**row)
        dependents: defaultdict[tuple[int, str], list[Dependent]] = defaultdict(list)
        for row in _rows(connection, queries.DEPENDENTS, oids):
            dependents[row["table"], row["column"]].append(Dependent(**row))
        references: defaultdict[tuple[int, str], list[Reference]] = defaultdict(list)
        for row in _rows(connection, queries.REFERENCES, oids):
            reference = Reference(row["of_table"], row["quoted"], row["of_column"], row["kind"])
            references[row["table"], row["column"]].append(reference)
        taken = frozenset(row["name"] for row in _rows(connection, queries.TAKEN, {"names": sorted(new)}))
    names_of = [(row.pop("written"), row["oid"]) for row in rows]
    by_oid = {row["oid"]: _table(row, columns[row["oid"]]) for row in rows}
    tables = {name: by_oid[oid] for name, oid in names_of}
    return Facts(tables, dict(dependents), dict(references), taken, connection.info.server_version)


def _table(row: dict[str, Any], columns: dict[str, Column]) -> Table:
    row["key"] = tuple(row["key"])
    row["unique"] = tuple(frozenset(names) for names in row["unique"] if names)
    row["partition_columns"] = frozenset(row["partition_columns"])
    row["row_type_users"] = tuple(row["row_type_users"])
    return Table(columns=columns, **row)


def _rows(connection: psycopg.Connection, query: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(at_home(query).encode(), given).fetchall()
