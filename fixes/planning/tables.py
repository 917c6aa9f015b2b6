"""The tables that fixes change, and their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import psycopg

from order_audit import session
from order_audit.errors import RefusalError
from order_audit.expectations import shipped
from order_audit.fixes.engine.row_key import has_columns, key_obstacle
from order_audit.fixes.fix import Change, Fix, Option
from order_audit.fixes.names import listed, parts
from order_audit.foreign_code import SCHEMAS, is_restricted


def tables(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, tuple[str, ...]]:
    """The tables that fixes change, each with its key, as far as they are there. Our own are not among them.

    A table without the columns of a key is another one that happens to have the name. One that is named in two ways,
    with its schema and without, is here once.
    """
    query = (
        "select a.attrelid from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attname = any(%s) and a.attnum > 0 and not a.attisdropped"
    )
    found: dict[int, tuple[str, tuple[str, ...]]] = {}
    for table, key in dict.fromkeys((change.table, change.key) for change in _changes(fixes)):
        columns = connection.execute(query, [table, list(key)]).fetchall()
        if len(columns) == len(set(key)):
            found.setdefault(columns[0][0], (table, key))
    return dict(sorted(found.values()))


def located(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, Fix]:
    """Return fixes whose tables have their schemas, where our own statements do not see all of the search path."""
    if not is_restricted(connection):
        return dict(fixes)
    names = {change.table for change in _changes(fixes) if len(parts(change.table)) == 1}
    rows = connection.execute(
        "select distinct on (t.name) t.name, format('%%I.%%I', n.nspname, c.relname)"
        f" from unnest(%s::text[]) as t (name) cross join (select {SCHEMAS}) as s (names)"
        " join pg_class as c on c.relname = (parse_ident(t.name))[1]"
        " join pg_namespace as n on n.oid = c.relnamespace and n.nspname = any(s.names)"
        " order by t.name, array_position(s.names, n.nspname)".encode(),
        [sorted(names)],
    ).fetchall()
    there: dict[str, str] = dict(rows)

    def placed(option: Option) -> Option:
        changes = (replace(change, table=there.get(change.table, change.table)) for change in option.changes)
        return replace(option, changes=tuple(changes))

    return {
        id: replace(
            fix, automatic=placed(fix.automatic) if fix.automatic else None, options=tuple(map(placed, fix.options))
        )
        for id, fix in fixes.items()
    }


def qualified(connection: psycopg.Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the qualified, quoted names of tables, as the undo log has them."""
    rows = connection.execute(
        "select t.name, format('%%I.%%I', n.nspname, c.relname) from unnest(%s::text[]) as t (name)"
        " join pg_class as c on c.oid = to_regclass(t.name) join pg_namespace as n on n.oid = c.relnamespace",
        [list(names)],
    ).fetchall()
    return dict(rows)


def same_tables(connection: psycopg.Connection, names: Iterable[str], others: Collection[str]) -> set[str]:
    """Return those of the names that name the same table as one of the others."""
    rows = connection.execute(
        "select n.name from unnest(%s::text[]) as n (name)"
        " where exists (select from unnest(%s::text[]) as o (name) where to_regclass(o.name) = to_regclass(n.name))",
        [list(names), list(others)],
    ).fetchall()
    return {row[0] for row in rows}


def refuse_unnamed(connection: psycopg.Connection, options: Iterable[tuple[Fix, Option]]) -> None:
    """Raise RefusalError if the key of a change does not identify rows, or two changes of a table differ in the key."""
    keys: dict[int, Change] = {}
    for _, option in options:
        for change in option.changes:
            if change.op == "insert" or not has_columns(connection, change.table, change.key):
                continue
            if why := unnamed(connection, change):
                raise RefusalError(why)
            (oid,) = session.row(connection, "select to_regclass(%s)::oid", [change.table])
            other = keys.setdefault(oid, change)
            if {*other.key} != {*change.key}:
                raise RefusalError(
                    f"{change.place}'{change.header}': {other.where or 'another change'} has the key"
                    f" {listed(other.key)} for this table: give all changes of a table the same key"
                )


def unnamed(connection: psycopg.Connection, change: Change) -> str:
    """Return why the key of a change does not identify rows, with its place; empty if it does."""
    why = key_obstacle(connection, change.table, change.key) if change.op != "insert" else ""
    return f"{change.place}'{change.header}': {why}" if why else ""


def _changes(fixes: Mapping[str, Fix]) -> Iterator[Change]:
    for fix in fixes.values():
        for option in [*([fix.automatic] if fix.automatic else []), *fix.options]:
            yield from (change for change in option.changes if change.op != "insert")


def none_there(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> str:
    """Return the message if no table exists: for own fixes the first with its place, else all with their keys."""
    own = _changes({id: fix for id, fix in fixes.items() if fix.rule.suite not in shipped()})
    if (change := next(own, None)) is not None:
        if session.is_true(connection, "select to_regclass(%s) is not null", [change.table]):
            lacks = [column for column in change.key if not has_columns(connection, change.table, [column])]
            return f"{change.place}'{change.header}': {change.table} has no column {listed(lacks)}"
        return f'{change.place}there is no table "{".".join(parts(change.table))}"'
    names = ", ".join(sorted({f"{change.table} ({', '.join(change.key)})" for change in _changes(fixes)}))
    return (
        f"the tables that fixes change are not here: {names}. --schema names the schema that holds them, --suite and"
        " --fixes rules and fixes of your own"
    )
