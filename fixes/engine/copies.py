"""Temporary copies of tables in a dry run, and queries on them.

A copy of a table that the search path finds has its name, and so takes its place. Any other copy is named
`schema.table`; queries that name the schema are rewritten. The comment of a copy is the name of its original.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

import psycopg
from psycopg import sql

from order_audit.fixes.fix import Change, Fix, Option
from order_audit.fixes.names import NAME, parts

#: By schema and table: the name of the copy in SQL.
Copies = Mapping[tuple[str, str], str]
#: The longest name of a table, in bytes.
_LONGEST: Final = 63
#: A whole comment or literal, or a name with all its parts.
_TOKEN: Final = re.compile(
    rf"""--[^\n]*|/\*.*?\*/|\be'(?:[^'\\]|\\.|'')*'|'[^']*'|\$(\w*)\$.*?\$\1\$|(?P<name>{NAME}(?:\s*\.\s*{NAME})*)""",
    re.DOTALL | re.IGNORECASE,
)
_ALIAS: Final = re.compile(rf"\s+(?P<next>{NAME})")
#: Words behind a table in a query that are no alias.
_NO_ALIAS: Final = {
    "where", "join", "left", "right", "inner", "full", "cross", "natural", "on", "using", "group", "order", "having",
    "limit", "offset", "fetch", "for", "union", "intersect", "except", "window", "tablesample", "lateral",
}  # fmt: skip


def copy_name(schema: str, table: str, *, visible: bool) -> str:
    """Return the name of a table's copy, without a schema."""
    name = table if visible else f"{schema}.{table}"
    return name if len(name.encode()) <= _LONGEST else hashlib.sha256(name.encode()).hexdigest()[:32]


def copies(connection: psycopg.Connection) -> Copies:
    """Return the copies that this session has."""
    rows = connection.execute(
        "select obj_description(c.oid, 'pg_class'), c.relname from pg_class as c"
        " where c.relnamespace = pg_my_temp_schema() and c.relkind = 'r'"
        " and obj_description(c.oid, 'pg_class') is not null"
    ).fetchall()
    found: dict[tuple[str, str], str] = {}
    for original, name in rows:
        schema, table = parts(original)
        found[schema, table] = sql.Identifier("pg_temp", name).as_string(connection)
    return found


def copy_of(connection: psycopg.Connection, table: str) -> sql.Identifier | None:
    """Return the copy of a table; None if there is none."""
    row = connection.execute(
        "select c.relname from pg_class as c where c.relnamespace = pg_my_temp_schema() and c.relkind = 'r'"
        " and (c.oid = to_regclass(%(table)s) or obj_description(c.oid, 'pg_class') = %(name)s)",
        {"table": table, "name": sql.Identifier(*parts(table)).as_string(connection)},
    ).fetchone()
    return sql.Identifier("pg_temp", row[0]) if row else None


def on_copies(text: str, copied: Copies) -> str:
    """Return a query that reads copies where it names a table with its schema."""
    return _on_copies(text, tuple(copied.items())) if copied else text


@lru_cache(maxsize=1024)
def _on_copies(text: str, items: tuple[tuple[tuple[str, str], str], ...]) -> str:
    """Remembered, since each pass of a dry run asks for the same queries and copies."""
    copied = dict(items)

    def instead(found: re.Match[str]) -> str:
        if not found["name"]:
            return found[0]
        names = parts(found["name"])
        copy = copied.get((names[0], names[1])) if len(names) > 1 else None
        if copy is None:
            return found[0]
        if len(names) > 2 or text[found.end() :].lstrip().startswith(".*"):  # a column: the table's name is its alias
            return sql.Identifier(*names[1:]).as_string()
        follows = _ALIAS.match(text, found.end())
        has_alias = follows is not None and follows["next"].lower() not in _NO_ALIAS
        return copy if has_alias else f"{copy} as {sql.Identifier(names[1]).as_string()}"

    return _TOKEN.sub(instead, text)


def option_on_copies(fix: Fix, option: Option, copied: Copies) -> tuple[Fix, Option]:
    """Return a fix and its option that read and change copies."""
    if not copied:
        return fix, option
    rule = replace(fix.rule, sql=on_copies(fix.rule.sql, copied))
    return replace(fix, rule=rule), replace(
        option, changes=tuple(change_on_copies(change, copied) for change in option.changes)
    )


def change_on_copies(change: Change, copied: Copies) -> Change:
    names = parts(change.table)
    return replace(
        change,
        table=copied.get((names[0], names[1]), change.table) if len(names) == 2 else change.table,
        sql=on_copies(change.sql, copied),
        given=tuple((name, on_copies(text, copied)) for name, text in change.given),
    )
