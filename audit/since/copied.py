"""Arrays of numbers out of a table, many rows in one line of COPY: a line for each row would cost the client more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import psycopg

from order_audit import session
from order_audit.audit.analysis.dependence import ROW
from order_audit.audit.since.numbers import Numbers
from order_audit.audit.since.packed import Packing
from order_audit.audit.since.tables import Table

#: About so many bytes of a table are read by one statement.
_CHUNK: Final = 16 << 20
#: The signature of COPY's binary format, its flags and the length of its extension.
_HEADER: Final = 19
_ELEMENT: Final = np.dtype([("length", ">i4"), ("value", ">i8")])


def arrays(connection: psycopg.Connection, columns: Mapping[str, str], source: str) -> dict[str, Numbers]:
    """Return columns, SQL of integers that are not NULL, of the rows that `source` gives: `from … where …`."""
    listed = ", ".join(f"pg_catalog.array_agg(({text})::int8)" for text in columns.values())
    found = copied(connection, f"select {listed} {source}", len(columns))
    return dict(zip(columns, found, strict=True))


def copied(connection: psycopg.Connection, query: str, fields: int) -> list[Numbers]:
    """Return the one row of a query that gives arrays of int8."""
    return list(_parsed(_row(connection, query), fields))


def _row(connection: psycopg.Connection, query: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"copy ({query}) to stdout (format binary)".encode()) as copy:
        return b"".join(copy)


def _parsed(data: bytes, fields: int) -> Iterator[Numbers]:
    """Yield the arrays of the one row in the data."""
    place = _HEADER + 2
    for _ in range(fields):
        length = int.from_bytes(data[place : place + 4], signed=True)
        place += 4
        if length < 0:
            yield np.empty(0, np.int64)  # no rows
            continue
        dimensions = int.from_bytes(data[place : place + 4])
        count = int.from_bytes(data[place + 12 : place + 16]) if dimensions else 0
        start = place + 12 + 8 * dimensions
        yield np.frombuffer(data, _ELEMENT, count, start)["value"].astype(np.int64)
        place += length


def blocks(connection: psycopg.Connection, table: Table, packing: Packing) -> Iterator[dict[str, Numbers]]:
    """Yield the numbers of all rows of a table, in the order of their places.

    Partitions are read by the name of their table: a role may have no right to read them by their own.
    """
    size = int(session.scalar(connection, "select current_setting('block_size')"))
    largest, leaves = session.row(
        connection,
        """
        select coalesce(max(pg_relation_size(p.oid)), 0), count(*)
        from pg_class as p
        where p.relkind = 'r'
          and (p.oid = %(table)s or p.oid in (select t.relid from pg_partition_tree(%(table)s::oid) as t))
        """,
        {"table": table.relation.oid},
    )
    step = max(1, _CHUNK // size // max(1, leaves))
    for first in range(0, largest // size, step):
        bounds = f"{ROW}.ctid >= '({first},0)' and {ROW}.ctid < '({first + step},0)'"
        packed = f"pg_catalog.string_agg({packing.sql}, ''::bytea)"
        data = _row(connection, f"select {packed} from {table.name} as {ROW} where {bounds}")
        if len(rows := data[_HEADER + 2 + 4 : -2]):
            yield packing.unpacked(rows)
