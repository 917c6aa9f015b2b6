"""The statements that fill the work list with the rows of an option and their current values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from order_audit.fixes.engine.copies import copies, option_on_copies
from order_audit.fixes.engine.source import columns_of, source
from order_audit.fixes.fix import Change, Fix, FixError, Option
from order_audit.fixes.names import listed, parts, written
from order_audit.foreign_code import equals


@dataclass(frozen=True)
class Namespace:
    """The place of work list and undo log: the schema `order_audit`, or temporary tables for a dry run."""

    prefix: str = "order_audit."

    def text(self, text: str) -> str:
        """Return SQL with its tables and functions in this namespace."""
        return text.replace("order_audit.", self.prefix)


TARGET: Final = Namespace()
STAGING: Final = Namespace("pg_temp.order_audit_")


def work_list_sql(connection: psycopg.Connection, fix: Fix, option: Option, namespace: Namespace) -> list[str]:
    """Return the statements, in order, that write an option's rows to `order_audit.todo`.

    They fit the tables on the connection's search path, and a work list in `namespace`. Raises FixError if a table
    lacks a column, or if a NOT NULL column would become NULL.
    """
    if why := obstacle(connection, option):
        raise FixError(why)
    if namespace is not TARGET:
        fix, option = option_on_copies(fix, option, copies(connection))
    made: list[str] = []
    units = False
    for number, change in enumerate(option.changes, start=1):
        columns = _columns(connection, fix, change, namespace)
        if change.op == "insert":
            made.append(_insert(connection, fix, change, columns))
        else:
            made.append(_list(connection, fix, option, number, change, columns, namespace))
            units = units or "unit" in columns
    if units:
        # without statistics, the planner underestimates the list
        made += ["analyze order_audit.todo", *_together(fix, option)]
    if any(change.op == "delete" for change in option.changes):
        made.append(_prefiltered(fix, option))
    return made


def obstacle(connection: psycopg.Connection, option: Option) -> str:
    """Return why an option cannot be applied: it sets a NOT NULL column to NULL. Empty if it can."""
    for change in option.changes:
        if not change.nulls:
            continue
        row = connection.execute(
            "select a.attname from pg_attribute as a"
            " where a.attrelid = to_regclass(%s) and a.attname = any(%s) and a.attnotnull",
            [change.table, list(change.nulls)],
        ).fetchone()
        if row:
            return (
                f"{option.name} sets {change.table}.{row[0]} to NULL, which is NOT NULL: choose another option, or drop"
                " the constraint"
            )
    return ""


def columns(connection: psycopg.Connection, fix: Fix, option: Option, namespace: Namespace) -> set[str]:
    """Return the columns that an option sets, and the tables that it deletes from."""
    names: set[str] = set()
    for change in option.changes:
        if change.op == "update":
            names |= {*_columns(connection, fix, change, namespace)} - {*change.key, "unit"}
        elif change.op == "delete":
            names.add(change.table)
    return names


def _columns(connection: psycopg.Connection, fix: Fix, change: Change, namespace: Namespace) -> list[str]:
    return columns_of(connection, fix, change, namespace.text(source(fix, change)))


def _types(connection: psycopg.Connection, table: str, namespace: Namespace) -> dict[str, tuple[str, str]]:
    """Return a table's columns, each with its quoted name and the type to cast values to."""
    rows = connection.execute(
        namespace.text(
            """
            select a.attname, quote_ident(a.attname), order_audit.type_of(a.attrelid::regclass::text, a.attname)
            from pg_attribute as a
            where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            order by a.attnum
            """
        ).encode(),
        [table],
    ).fetchall()
    return {row[0]: (row[1], row[2]) for row in rows}


def _list(
    connection: psycopg.Connection,
    fix: Fix,
    option: Option,
    step: int,
    change: Change,
    columns: list[str],
    namespace: Namespace,
) -> str:
    table = _qualified(connection, change)
    types = _types(connection, change.table, namespace)
    values = [column for column in columns if column not in change.key and column != "unit"]
    if why := _misfit(change, types, columns, values):
        raise FixError(f"{change.place or f'{fix.path}: '}'{change.header}': {why}")
    name = {column: written for column, (written, _) in types.items()}
    new = {
        column: f"f.{written}::{kind}" + ("" if kind == "text" else "::text")
        for column, (written, kind) in types.items()
    }
    literal = {column: sql.Literal(column).as_string(connection) for column in types}
    key = _object(f"{literal[column]}, the_row.{name[column]}::text" for column in change.key)
    before = _object(
        f"{literal[column]}, the_row.{name[column]}::text" for column in (values if change.op == "update" else types)
    )
    after = _object(f"{literal[column]}, {new[column]}" for column in values) if change.op == "update" else "null"
    differs = " or ".join(f"the_row.{name[column]}::text is distinct from {new[column]}" for column in values)
    equal = equals(connection)
    same = " and ".join(f"the_row.{name[column]} {equal} f.{name[column]}" for column in change.key)
    unit = "f.unit::text" if "unit" in columns else "null"
    keys = ", ".join(f"the_row.{name[column]}" for column in change.key)
    op, where = f"'{change.op}'", ""
    if differs and "unit" in columns:
        op = f"case when {differs} then 'update' else 'keep' end"
    elif differs:
        where = f"\nwhere {differs}"
    return f"""insert into order_audit.todo (rule, option, step, op, tab, key, unit, seen, before, after)
select {_text(connection, fix.rule.id)}, {_text(connection, option.name)}, {step}, {op},
  {table},
  {key},
  {unit},
  pg_catalog.sha256(pg_catalog.convert_to(the_row::text, pg_catalog.getdatabaseencoding())),
  {before},
  {after}
from {source(fix, change)}
join {change.table} as the_row on {same}{where}
order by {"f.unit, " if "unit" in columns else ""}{keys}"""


def _misfit(change: Change, types: Iterable[str], columns: list[str], values: list[str]) -> str:
    """Return why a change's table and query do not fit; empty if they do."""
    table = change.table
    if lacks := [column for column in change.key if column not in types]:
        return f"{table} has no column {listed(lacks)}"
    if lacks := [column for column in change.key if column not in columns]:
        return f"the query gives no column {listed(lacks)}; it gives {', '.join(map(written, columns))}"
    if unknown := [column for column in values if column not in types]:
        return f"the query gives {listed(unknown)}, which is no column of {table}, or a generated one"
    if change.op == "delete" and values:
        return f"the query gives {listed(values)} besides the key, but a delete sets no column"
    if change.op == "update" and not values:
        return "the query gives the key alone, and no column to set"
    return ""


def _object(items: Iterable[str]) -> str:
    return "pg_catalog.jsonb_build_object(" + ", ".join(items) + ")"


def _text(connection: psycopg.Connection, text: str) -> str:
    return sql.Literal(text).as_string(connection)


def _qualified(connection: psycopg.Connection, change: Change) -> str:
    row = connection.execute(
        "select format('%%I.%%I', n.nspname, c.relname) from pg_class as c"
        " join pg_namespace as n on n.oid = c.relnamespace where c.oid = to_regclass(%s)",
        [change.table],
    ).fetchone()
    if row is None:
        raise FixError(f'{change.place}there is no table "{".".join(parts(change.table))}"')
    return _text(connection, row[0])


def _insert(connection: psycopg.Connection, fix: Fix, change: Change, names: list[str]) -> str:
    """Return the statement that inserts into a table of ours (secrets); existing rows stay."""
    columns = ", ".join(sql.Identifier(name).as_string(connection) for name in names)
    return f"""insert into {change.table} ({columns})
select {columns}
from {source(fix, change)}
on conflict do nothing"""


def _together(fix: Fix, option: Option) -> list[str]:
    """Give the rows of one unit one place on the list; take off the units of which nothing changes."""
    where = f"rule = '{fix.rule.id}' and option = '{option.name}'"
    return [
        f"""delete from order_audit.todo
where {where} and unit in (
  select unit
  from order_audit.todo
  where {where}
  group by unit
  having bool_and(op = 'keep')
)""",
        f"""update order_audit.todo as t
set place = u.place
from (
  select unit, min(place) as place
  from order_audit.todo
  where {where}
  group by unit
) as u
where t.rule = '{fix.rule.id}' and t.option = '{option.name}' and t.unit = u.unit and t.place <> u.place""",
    ]


def _prefiltered(fix: Fix, option: Option) -> str:
    """Return the statement that removes referenced rows from the work list, with their groups."""
    return f"""delete from order_audit.todo
where rule = '{fix.rule.id}' and option = '{option.name}'
  and place = any(order_audit.referred('{fix.rule.id}', 0, {2**63 - 1}))"""
