"""Lines of DDL: CREATE TABLE, CREATE TYPE, and the order of tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from order_audit.reports.document import DdlLine

_INDENT: Final = "  "

SERIAL: Final = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}


def ddl_line(sql: str, about: str = "") -> DdlLine:
    """A line of DDL, or several of one statement, and the object that it creates; empty if none."""
    return DdlLine(sql, about)


def in_order(tables: list[Any]) -> list[Any]:
    """Tables after those that they extend, and after those that they refer to unless these refer to them in turn."""
    left, done = {table.oid: table for table in tables}, []
    while left:
        free = [it for it in left.values() if not left.keys() & set(it.extends)]
        ready = [it for it in free if not left.keys() & set(it.refers_to)] or free[:1]
        done += ready
        for table in ready:
            del left[table.oid]
    return done


def is_serial(column: Any) -> bool:
    """Whether the column is what `serial` and its like make."""
    return bool(
        column.sequence
        and column.is_owned
        and not column.identity
        and column.has_usual_name
        and column.has_same_type
        and not column.options
        and column.is_not_null
        and column.type in SERIAL
        and column.preset in (f"nextval('{column.sequence_named.replace(chr(39), chr(39) * 2)}'::regclass)",)
    )


def create_table(table: Any, inside: list[DdlLine]) -> Iterator[DdlLine]:
    name = table.prefix + table.name
    head = f"CREATE {table.kind}TABLE {table.named}"
    tail = ""
    if table.bound:
        head += f" PARTITION OF {table.parents[0]}"
        tail = f" {table.bound}"
    elif table.parents:
        tail = f" INHERITS ({', '.join(table.parents)})"
    if table.partition_key:
        tail += f" PARTITION BY {table.partition_key}"
    if table.options:
        tail += f" WITH ({table.options})"
    if table.bound and not inside:
        yield ddl_line(f"{head}{tail};", name)
        return
    yield ddl_line(f"{head} (", name)
    for place, line in enumerate(inside, start=1):
        yield ddl_line(f"{_INDENT}{line.sql}{',' if place < len(inside) else ''}", line.about)
    yield ddl_line(f"){tail};")


def add_to_table(table: Any, line: DdlLine) -> DdlLine:
    return ddl_line(f"ALTER TABLE {table.named} ADD {line.sql};", line.about)


def create_type(kind: Any) -> str:
    if kind.kind == "e":
        return f"CREATE TYPE {kind.named} AS ENUM ({', '.join(kind.labels)});"
    parts = [f"CREATE DOMAIN {kind.named} AS {kind.base}"]
    if kind.collation:
        parts.append(f"COLLATE {kind.collation}")
    if kind.preset is not None:
        parts.append(f"DEFAULT {kind.preset}")
    if kind.is_not_null:
        parts.append("NOT NULL")
    return " ".join([*parts, *kind.checks]) + ";"
