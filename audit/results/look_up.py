"""Look rows up by key for the context of examples, where an index makes that cheap."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import psycopg
from psycopg import sql

from order_audit.audit import mask
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.rule_reader import loads
from order_audit.domain import NoDiagram


class SchemaLookup:
    """Looks up rows of one schema's tables, on a connection that stands in the snapshot."""

    def __init__(self, connection: psycopg.Connection, schema: str, *, unmask: bool) -> None:
        self._connection = connection
        self._schema = schema
        self._unmask = unmask

    def table(self, name: str, columns: Collection[str], by: str, *, unique: bool = True) -> str | NoDiagram:
        """Return a table's name as SQL if its rows can be looked up by a column; else the reason and a remedy."""
        there = catalog.relations(self._connection, [RelationName(self._schema, name)]).values()
        table = next((relation for relation in there if relation.readable >= set(columns)), None)
        if table is None:
            return NoDiagram(f"{name} lacks {_either(list(columns))}, or this role may not read it", "")
        if finds(self._connection, table, by, unique=unique):
            return quoted(table)
        if table.is_view:
            return NoDiagram(f"{name} is a view, in which rows cannot be looked up by an index", "")
        kind = "unique index" if unique else "index"
        return NoDiagram(
            f"{name} is large and has no {kind} on {by} alone: all of it would have to be read",
            f"create {kind} concurrently on {quoted(table)} ({by})",
        )

    def rows(self, query: str) -> list[Any]:
        """Return the JSON values of a query; none where it fails."""
        return look(self._connection, query)

    def literals(self, values: Iterable[Any]) -> str:
        """Return values as literals, which the server takes for the type of the column that they are compared with."""
        return listed(values)

    def masked(self, value: str, column: str) -> str:
        """Return a text of a column as the report shows it."""
        return value if self._unmask else str(mask.value(value, mask.TEXT, {column}))


def _either(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def finds(connection: psycopg.Connection, table: Relation, column: str, *, unique: bool = True) -> bool:
    """Return whether few rows of a table can be looked up by a column in no time."""
    if not table.is_view and sampling.is_small(connection, table):
        return True
    indexed = catalog.unique(connection, table) if unique else catalog.indexed(connection, table)
    return column in indexed


def look(connection: psycopg.Connection, query: str) -> list[Any]:
    """Return the JSON values of a query; none where it fails."""
    try:
        # rolled back, so that no lock stays
        with connection.transaction(force_rollback=True):
            rows = connection.execute(f"select f.found::text from (\n{query}\n) as f (found)".encode()).fetchall()
    except psycopg.Error:
        if connection.closed:
            raise
        return []
    texts = (row[0].decode("utf-8", "replace") if isinstance(row[0], bytes) else row[0] for row in rows)
    return [loads(text) for text in texts]


def listed(keys: Iterable[Any]) -> str:
    """Return keys as literals, by commas."""
    return ", ".join(sql.Literal(str(key)).as_string() for key in keys) or "null"
