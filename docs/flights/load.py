"""Load the tutorial's tables into schema `nyc` of the database that DATABASE_URL names.

    DATABASE_URL=embedded python docs/flights/load.py

It replaces the schema `nyc`, so it can be run again.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from psycopg import sql

from order_audit.audit.database import dsn

FOLDER = Path(__file__).parent
TABLES = ("airlines", "airports", "planes", "weather", "flights")


def load(connection: psycopg.Connection) -> dict[str, int]:
    """Create the tables in one transaction and fill them from the CSV files; return their numbers of rows."""
    counts = {}
    with connection.transaction():
        connection.execute((FOLDER / "tables.sql").read_bytes())
        for table in TABLES:
            into = sql.SQL("copy {} from stdin (format csv, header)").format(sql.Identifier("nyc", table))
            with connection.cursor() as cursor:
                with cursor.copy(into) as copy:
                    copy.write((FOLDER / f"{table}.csv").read_bytes())
                counts[table] = cursor.rowcount
    connection.execute("analyze")
    return counts


if __name__ == "__main__":
    with psycopg.connect(dsn.resolve(os.environ.get("DATABASE_URL")), autocommit=True) as connection:
        for table, count in load(connection).items():
            print(f"{table:<8}  {count:>5,} rows")
