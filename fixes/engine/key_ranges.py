"""Ranges of keys of a table, by which a proof counts rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from order_audit import session

#: Keys in a range, where keys are numbers.
RANGE: Final = 100_000
#: The OIDs of int8, int2, int4 and numeric.
_NUMBERS: Final = (20, 21, 23, 1700)


@dataclass(frozen=True)
class KeyColumn:
    """A column of a key, and the type by which its values are compared: that of a number, or text."""

    name: str
    kind: str

    def value(self, row: str) -> sql.Composable:
        """Return the value in a row of the table."""
        return sql.SQL("{}.{}::{}").format(sql.Identifier(row), sql.Identifier(self.name), sql.SQL(self.kind))

    def logged(self, entry: str) -> sql.Composable:
        """Return the value in an entry of the undo log."""
        return sql.SQL("({}.key ->> {})::{}").format(sql.Identifier(entry), self.name, sql.SQL(self.kind))

    def same(self, row: str, entry: str) -> sql.Composable:
        """Return the condition that a row and an entry have the same value."""
        return sql.SQL("{} = {}").format(self.logged(entry), self.value(row))

    def number(self, value: sql.Composable) -> sql.Composable:
        """Return the number of a value's range; of text, one of 64 by hash."""
        if self.kind == "text":
            return sql.SQL("hashtext({}) & 63").format(value)
        # float8 is cheap, and no integer overflows
        kind = sql.SQL("numeric" if self.kind.startswith("numeric") else "float8")
        return sql.SQL("floor({}::{} / {})::bigint").format(value, kind, RANGE)


def key_columns(connection: psycopg.Connection, table: str, key: Sequence[str]) -> list[KeyColumn]:
    """Return the columns of a table's key, in their order in the table, the first of the key first."""
    rows = connection.execute(
        "select a.attname, a.atttypid = any(%s), format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attname = any(%s) and a.attnum > 0 and not a.attisdropped",
        [list(_NUMBERS), table, list(key)],
    ).fetchall()
    found = {name: KeyColumn(name, kind if is_number else "text") for name, is_number, kind in rows}
    return [found[name] for name in key]


def columns_of(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Return the columns of a table with their types; generated ones follow from others, and are not among them."""
    rows = connection.execute(
        "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''"
        " order by a.attnum",
        [table],
    ).fetchall()
    return dict(rows)


def qualified(connection: psycopg.Connection, table: str) -> str | None:
    """Return the qualified, quoted name of a table, as the undo log has it; None if it does not exist."""
    name = session.scalar(
        connection,
        "select format('%%I.%%I', n.nspname, c.relname) from pg_class as c"
        " join pg_namespace as n on n.oid = c.relnamespace where c.oid = to_regclass(%s)",
        [table],
    )
    return str(name) if name is not None else None
