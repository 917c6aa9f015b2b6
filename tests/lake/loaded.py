"""Tables of a database of PostgreSQL, copied into DuckDB as lake files hold them."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import psycopg
import pyarrow as pa

from order_audit.audit.lake.functions.duckdb_library import install
from order_audit.audit.lake.pg_types import PgType, read_type
from order_audit.audit.lake.translate import ServerFacts

_COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_ARROW = {
    "bool": pa.bool_(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}
_DUCKDB = {"date32": "date", "timestamp[us]": "timestamp", "timestamp[us, tz=UTC]": "timestamptz"}


def columns_of(source: psycopg.Connection, table: str) -> dict[str, PgType]:
    """Return the types of a table's columns."""
    return {name: read_type(of) for name, of in source.execute(_COLUMNS, (table,))}


def facts_of(source: psycopg.Connection) -> ServerFacts:
    """Return what a translation has to know of the database."""
    row = source.execute(
        "select pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype from pg_database"
        " where datname = current_database()"
    ).fetchone()
    assert row is not None
    provider = {"c": "libc", "b": "builtin", "i": "icu"}[row[1].decode() if isinstance(row[1], bytes) else row[1]]
    zone = source.execute("show timezone").fetchone()
    assert zone is not None
    return ServerFacts(row[0], provider, row[2], row[3], zone[0])  # type: ignore[arg-type]


def empty() -> duckdb.DuckDBPyConnection:
    """Return DuckDB with the function library."""
    connection = duckdb.connect(config={"threads": 2})
    install(connection)
    return connection


def copy_table(source: psycopg.Connection, into: duckdb.DuckDBPyConnection, table: str) -> dict[str, PgType]:
    """Copy a table, and return its columns."""
    columns = columns_of(source, table)
    shown = ", ".join(f'"{name}"' if of.storage in _ARROW else f'"{name}"::text' for name, of in columns.items())
    rows = source.execute(f"select {shown} from {table}".encode()).fetchall()
    arrays, casts = {}, []
    for place, (name, of) in enumerate(columns.items()):
        values = [row[place] for row in rows]
        storage = of.storage
        if of.digits and storage != "text":
            arrays[name] = pa.array([None if it is None else Decimal(it) for it in values], pa.decimal128(*of.digits))
        elif of.name == "character":
            arrays[name] = pa.array([None if it is None else it.rstrip(" ") for it in values], pa.string())
        else:
            arrays[name] = pa.array(values, _ARROW.get(storage, pa.string()))
        plain = f"replace(\"{name}\", ' BC', ' (BC)')" if storage in _DUCKDB else f'"{name}"'
        casts.append(f'cast({plain} as {_DUCKDB[storage]}) as "{name}"' if storage in _DUCKDB else plain)
    into.register("copied", pa.table(arrays))
    into.execute(f"create or replace table {table} as select {', '.join(casts)} from copied")
    into.unregister("copied")
    return columns
