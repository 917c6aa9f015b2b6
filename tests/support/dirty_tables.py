"""Tables of several types that hold dirty rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from tests.support.dirty_values import CUSTOMER_COLUMNS, NULLABLE, ORDER_COLUMNS, STATUSES, Row, Rows

TYPES: dict[str, tuple[Row, Row]] = {
    "current": (
        {
            "customer_id": "integer",
            "customer_name": "text",
            "customer_email": "text",
            "customer_contact_name": "varchar(100)",
            "customer_phone": "varchar(20)",
            "address": "text",
            "address_state": "text",
            "customer_balance": "float",
        },
        {
            "order_id": "integer",
            "order_ref": "integer",
            "customer_id": "integer",
            "order_schedule": "bit(336)",
            "delivery_script_name": "text",
            "delivery_script_args": "json",
            "order_amount": "integer",
            "order_status": "text",
        },
    ),
    "other": (
        {
            "customer_id": "bigint",
            "customer_name": "varchar(200)",
            "customer_email": "text",
            "customer_contact_name": "text",
            "customer_phone": "text",
            "address": "text",
            "address_state": "char(2)",
            "customer_balance": "numeric",
        },
        {
            "order_id": "bigint",
            "order_ref": "bigint",
            "customer_id": "bigint",
            "order_schedule": "bit(336)",
            "delivery_script_name": "varchar(100)",
            "delivery_script_args": "jsonb",
            "order_amount": "bigint",
            "order_status": "varchar(20)",
        },
    ),
    "mixed": (
        {
            "customer_id": "numeric",
            "customer_name": "varchar",
            "customer_email": "varchar(254)",
            "customer_contact_name": "varchar",
            "customer_phone": "varchar",
            "address": "varchar",
            "address_state": "varchar",
            "customer_balance": "double precision",
        },
        {
            "order_id": "bigint",
            "order_ref": "integer",
            "customer_id": "integer",
            "order_schedule": "bit(336)",
            "delivery_script_name": "varchar",
            "delivery_script_args": "json",
            "order_amount": "numeric",
            "order_status": "varchar",
        },
    ),
}
"""The columns' types: the current schema's, one with every type replaced, and one where nothing matches."""

LARGEST = {"integer": 2**31 - 1, "bigint": 2**63 - 1}


def create(
    conn: psycopg.Connection[Any],
    rows: Rows,
    *,
    types: str = "current",
    constraints: bool,
    schema: str | None = None,
) -> Rows:
    """Create both tables and fill them; return the rows that are in them.

    A row that a type or a constraint refuses is left out; only a state is cut to what `char(2)` holds.
    """
    customer_types, order_types = TYPES[types]
    customers, orders = rows
    customers = [fitted(row, customer_types) for row in customers if holds(row, customer_types)]
    orders = [fitted(row, order_types) for row in orders if holds(row, order_types)]
    if order_types["delivery_script_args"] == "jsonb":
        accepted = jsonb_accepts(conn, {row["delivery_script_args"] for row in orders} - {None})
        orders = [row for row in orders if row["delivery_script_args"] in {None, *accepted}]
    if constraints:
        customers, orders = lawful(customers, orders)
    if schema is not None:
        conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    names = [sql.Identifier(*filter(None, (schema, table))) for table in ("customers", "orders")]
    make_table(conn, names[0], customer_types, "primary key (customer_id)" if constraints else None)
    make_table(conn, names[1], order_types, "primary key (order_id)" if constraints else None)
    if constraints:
        conn.execute(
            sql.SQL(
                "alter table {} add foreign key (customer_id) references {},"
                " add constraint chk_status check (order_status in ({}))"
            ).format(names[1], names[0], sql.SQL(", ").join(STATUSES))
        )
    fill_table(conn, names[0], CUSTOMER_COLUMNS, customers)
    fill_table(conn, names[1], ORDER_COLUMNS, orders)
    return customers, orders


def holds(row: Row, types: Row) -> bool:
    """Whether the integer types hold the row's numbers; no other type of a fixed size is too small."""
    return all(
        abs(value) <= LARGEST[types[column]] and value == int(value)
        for column, value in row.items()
        if value is not None and types[column] in LARGEST
    )


def fitted(row: Row, types: Row) -> Row:
    """The row with its state cut to size, and its whole numbers without a fraction."""
    row = dict(row)
    for column, kind in types.items():
        value = row[column]
        if value is not None and kind in LARGEST:
            row[column] = int(value)
        elif value is not None and kind == "char(2)":
            row[column] = value[:2].rstrip(" ")
    return row


def jsonb_accepts(conn: psycopg.Connection[Any], documents: set[str]) -> set[str]:
    """The JSON texts that convert to `jsonb`, as the server itself decides."""
    conn.execute(
        "create function pg_temp.fits(document text) returns boolean language plpgsql as $$ begin"
        " return document::jsonb is not null; exception when data_exception then return false; end $$"
    )
    accepted = conn.execute(
        "select document from unnest(%s::text[]) as document where pg_temp.fits(document)", (list(documents),)
    ).fetchall()
    conn.execute("drop function pg_temp.fits(text)")
    return {document for (document,) in accepted}


def lawful(customers: list[Row], orders: list[Row]) -> Rows:
    """The rows that the constraints let in: no NULLs, no key twice, known statuses, existing customers."""
    customers = list({row["customer_id"]: row for row in reversed(customers) if is_complete(row)}.values())
    orders = list({row["order_id"]: row for row in reversed(orders) if is_complete(row)}.values())
    known = {row["customer_id"] for row in customers}
    orders = [row for row in orders if row["customer_id"] in known and row["order_status"] in STATUSES]
    return customers, orders


def is_complete(row: Row) -> bool:
    """Whether every column that must have a value has one."""
    return all(value is not None for column, value in row.items() if column not in NULLABLE)


def make_table(conn: psycopg.Connection[Any], name: sql.Identifier, types: Row, key: str | None) -> None:
    """Create a table; with its key come the NOT NULLs."""
    parts: list[sql.Composable] = [
        sql.SQL("{} {}{}").format(
            sql.Identifier(column),
            sql.SQL(kind),
            sql.SQL(" not null" if key is not None and column not in NULLABLE else ""),
        )
        for column, kind in types.items()
    ]
    if key is not None:
        parts.append(sql.SQL(key))
    conn.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(parts)))


def fill_table(conn: psycopg.Connection[Any], name: sql.Identifier, columns: Sequence[str], rows: list[Row]) -> None:
    """Copy rows into a table."""
    columns_list = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(name, columns_list)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
