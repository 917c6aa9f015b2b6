"""A database of many tables, for what depends on their number and not on their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg

_AREA: Final = (Path(__file__).parent / "sql" / "area.sql").read_text(encoding="utf-8")
#: How many tables an area has, partitions aside.
AREA: Final = 20


def make(connection: psycopg.Connection, tables: int) -> int:
    """Fill an empty database with about `tables` tables (whole areas); return their number without partitions.

    Every second area is in a separate schema, with equal names in each. The others are in `public`, with the area's
    name as prefix. The connection must be in autocommit mode, so that only one area's locks are held.
    """
    before = ""
    for number in range(tables // AREA):
        schema, area = ("public", f"area{number}_") if number % 2 == 0 else (f"branch{number}", "")
        text = _AREA.replace("$area_", area).replace("$before_", before or area)
        text = text.replace("$key", "bigint" if number % 10 else "integer")
        connection.execute(f"create schema if not exists {schema}; set search_path to {schema}; {text}".encode())
        before = f"{schema}.{area}"
    connection.execute("set search_path to default")
    return tables // AREA * AREA
