"""Look rows up by key for the context of examples, where an index makes that cheap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.batch_execution import loads
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.reports.document import JsonObject, NoDiagram

#: The columns of orders that lineages and balances take.
ORDER: Final = ("order_id", "order_ref", "customer_id", "order_status", "order_amount")


def named(prepared: PreparedRule, row: JsonObject) -> list[Any]:
    """The keys in an example of which something is drawn."""
    columns = prepared.rule.diagram.keys if prepared.rule.diagram is not None else ()
    return [row[column] for column in columns if row.get(column) is not None]


def relation(connection: psycopg.Connection, schema: str, name: str, columns: Sequence[str]) -> Relation | None:
    """A table of a schema, where it has these columns and this role may read them."""
    there = catalog.relations(connection, [RelationName(schema, name)]).values()
    return next((relation for relation in there if relation.readable >= set(columns)), None)


def reachable(connection: psycopg.Connection, schema: str, name: str, columns: Sequence[str]) -> Relation | NoDiagram:
    """A table whose rows can be looked up by the first of some columns; else why not, and what would help."""
    table = relation(connection, schema, name, columns)
    if table is None:
        return NoDiagram(f"{name} lacks {_either(columns)}, or this role may not read it", "")
    if finds(connection, table, columns[0]):
        return table
    if table.is_view:
        return NoDiagram(f"{name} is a view, in which rows cannot be looked up by an index", "")
    return NoDiagram(
        f"{name} is large and has no unique index on {columns[0]} alone: all of it would have to be read",
        f"create unique index concurrently on {quoted(table)} ({columns[0]})",
    )


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def finds(connection: psycopg.Connection, table: Relation, column: str, *, unique: bool = True) -> bool:
    """Whether few rows of a table can be looked up by a column in no time."""
    if not table.is_view and sampling.is_small(connection, table):
        return True
    indexed = catalog.unique(connection, table) if unique else catalog.indexed(connection, table)
    return column in indexed


def look(connection: psycopg.Connection, query: str) -> list[Any]:
    """The JSON values of a query; none where it fails."""
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
    """Keys as literals, which the server takes for the type of the column that they are compared with."""
    return ", ".join(sql.Literal(str(key)).as_string() for key in keys) or "null"
