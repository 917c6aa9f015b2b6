"""A database of many tables, for what depends on their number and not on their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg

_AREA: Final = (Path(__file__).parent / "sql" / "area.sql").read_text(encoding="utf-8")
#: How many tables an area has, partitions aside.
AREA: Final = 20


def make(connection: psycopg.Connection, tables: int) -> int:
    """Fill an empty database, and say how many tables it has, partitions aside: `tables`, down to whole areas.

    Every other area is in a schema of its own, with the same names in each; the rest are in `public`, under names that
    begin with the area's. The connection must be in autocommit mode: the locks of one area are all that are held.
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
