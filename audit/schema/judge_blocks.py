"""Objects that block a suggested statement, from the catalogs and by letting the server parse what they compute."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg

from order_audit.audit.analysis.ddl_statement import Change, unquoted
from order_audit.audit.database import catalog
from order_audit.audit.schema.judge_casts import target
from order_audit.audit.schema.judge_catalog import Column, Dependent, Facts, Table
from order_audit.reports.document import Obstacle

#: Objects that hold the type of a column that they read, whatever the new type.
_HOLDERS: Final = {
    "view", "materialized view", "rule", "policy", "trigger", "generated column", "publication", "function",
}  # fmt: skip
_CALL: Final = re.compile(r"[\w\"]\(")
_FAMILIES: Final = ({"int2", "int4", "int8"}, {"text", "varchar", "bpchar"}, {"numeric"})


def type_change(
    connection: psycopg.Connection,
    facts: Facts,
    table: Table,
    column: Column,
    change: Change,
    together: Collection[Change],
) -> tuple[list[Obstacle], list[Dependent]]:
    """What blocks a change of type, and the views that can be dropped for it and created again.

    `together` are the changes of the same suggestion: what they drop blocks nothing.
    """
    found = [Obstacle(text, object=name) for text, name in _table_blocks(table, column, change)]
    dropped = {unquoted(it.name) for it in together if it.kind == "drop_constraint"}
    views: list[Dependent] = []
    for dependent in facts.dependents.get((table.oid, column.name), ()):
        named = f"{dependent.kind} {dependent.name}"
        if dependent.kind == "view" and dependent.is_simple:
            views.append(dependent)
        elif dependent.kind in _HOLDERS:
            found.append(Obstacle(f"uses {column.name}", object=named, definition=dependent.definition))
        elif dependent.kind == "check constraint" and unquoted(dependent.name.split(" on ")[0]) in dropped:
            continue
        elif problem := _cannot_compute(connection, table, column, change, dependent):
            found.append(Obstacle(problem, object=named, definition=dependent.definition))
    return found, views


def _table_blocks(table: Table, column: Column, change: Change) -> Iterable[tuple[str, str]]:
    name = f"{table.object}.{column.name}"
    if column.is_generated and change.expression:
        yield "is generated: PostgreSQL allows no USING for it", f"generated column {name}"
    if column.name in table.partition_columns:
        yield f"has {column.name} in its partition key", f"partitioned table {table.object}"
    if column.is_inherited:
        yield "inherits the column: change it in the parent table", f"table {table.object}"
    if table.is_typed:
        yield "is a typed table: change the type of its rows", f"table {table.object}"
    for child in column.not_null_children:
        yield f"has a NOT NULL of its own on {column.name}, which PostgreSQL 18 cannot make again", f"table {child}"
    for user in table.row_type_users:
        yield f"has the row type of {table.object}", f"column {user}"
    new = target(change.type).kind
    if not any({column.kind, new} <= family for family in _FAMILIES):
        for key, constraint in table.constraints.items():
            if constraint["kind"] == "f" and column.quoted in constraint["columns"]:
                yield f"compares {column.name} with a key of another type", f"foreign key {key} on {table.object}"


def _cannot_compute(
    connection: psycopg.Connection, table: Table, column: Column, change: Change, dependent: Dependent
) -> str:
    """Why an expression does not hold with the new type of a column; empty if it does."""
    if not dependent.expression:
        return ""
    pair = (column.kind, target(change.type).kind)
    if any({*pair} <= family for family in _FAMILIES) and not _CALL.search(dependent.expression):
        return ""  # operators are the same for a wider number or a longer text
    if dependent.kind == "index" and pair == ("timestamp", "timestamptz"):
        return "computes from a time without zone; with a zone, its result would depend on the session"
    columns = _columns(table, {column.name: change.type})
    if _parses(connection, f"select {dependent.expression} from (select {columns}) as {_own_name(table)} limit 0", ""):
        return ""
    return f"does not compute with {column.name} as {change.type}"


def recreated(
    connection: psycopg.Connection, view: Dependent, altered: Mapping[Table, Mapping[str, str]]
) -> tuple[str, str] | None:
    """Statements that drop a view and create it again; None if its definition does not fit the new types."""
    schemas = {table.schema for table in altered}
    if len(schemas) != 1:
        return None
    inner, *_ = _definition(connection, view, f'"{next(iter(schemas))}"')
    tables = ", ".join(f"{_own_name(table)} as (select {_columns(table, types)})" for table, types in altered.items())
    if not _parses(connection, f"with {tables} select * from ({inner}) as v limit 0", next(iter(schemas))):
        return None
    whole, name, options = _definition(connection, view, "")
    stored = f" with ({options})" if options else ""
    return f"drop view {name}", f"create view {name}{stored} as\n{whole}"


def _definition(connection: psycopg.Connection, view: Dependent, path: str) -> Sequence[Any]:
    """A view's query, name and options, with the names that a search path makes necessary."""
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('search_path', %s, true)", [path])
        row = connection.execute(
            "select rtrim(pg_get_viewdef(c.oid, true), ';'), c.oid::regclass::text, array_to_string(c.reloptions, ', ')"
            " from pg_class as c where c.oid = %s",
            [view.oid],
        ).fetchone()
    return row or ("", view.name, "")


def _columns(table: Table, types: Mapping[str, str]) -> str:
    """The columns of a table as a select list of nulls, some with other types."""
    return ", ".join(
        f"null::{types.get(column.name, column.type)} as {column.quoted}" for column in table.columns.values()
    )


def _own_name(table: Table) -> str:
    return '"' + table.name.replace('"', '""') + '"'


def _parses(connection: psycopg.Connection, query: str, schema: str) -> bool:
    """Whether the server accepts a query, with the names of a schema if one is given; it runs no part of it."""
    try:
        with connection.transaction(force_rollback=True):
            if schema:
                connection.execute("select set_config('search_path', quote_ident(%s), true)", [schema])
            catalog.parse(connection, query)
    except psycopg.Error:
        return False
    return True


def constraint(facts: Facts, table: Table, change: Change, new: Collection[str]) -> Iterable[Obstacle]:
    """What blocks a new constraint or index on a table; `new` are the tables that the suggestion creates."""
    partitioned = table.kind == "p"
    if change.name and unquoted(change.name) in table.constraints:
        yield Obstacle("exists already", object=f"constraint {change.name} on {table.object}")
    if change.kind == "index" and change.is_concurrent and partitioned:
        yield Obstacle("is partitioned: an index on it cannot be built concurrently", object=f"table {table.object}")
    if change.kind == "foreign_key":
        if partitioned and change.is_deferred and facts.version < 180000:
            text = "is partitioned: PostgreSQL has NOT VALID foreign keys of such tables from 18 on"
            yield Obstacle(text, object=f"table {table.object}")
        other = facts.tables.get(change.target)
        columns = frozenset(map(unquoted, change.target_columns))
        if other and columns and change.target not in new and columns not in other.unique:
            yield Obstacle(f"has no unique key on {', '.join(change.target_columns)}", object=f"table {other.object}")
    is_unique = change.kind in ("unique", "primary_key") or change.is_unique
    if is_unique and partitioned and not table.partition_columns <= set(map(unquoted, change.columns)):
        yield Obstacle(
            "is partitioned: a unique key of it has all columns of the partition key", object=f"table {table.object}"
        )
