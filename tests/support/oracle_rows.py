"""Rows as the oracle reads them: customers and orders, with all of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from tests.support.oracle_values import FLOAT8, INTEGERS, LIVE, NUMERIC, is_blank

Key = int | Decimal


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One row of `customers`; the balance is the column's text."""

    customer_id: Key | None
    customer_name: str | None
    customer_email: str | None
    customer_contact_name: str | None
    customer_phone: str | None
    address: str | None
    address_state: str | None
    customer_balance: str | None

    @property
    def texts(self) -> list[str]:
        """Every text of the row that is not NULL."""
        return [text for text in (*self.required_texts, self.customer_phone) if text is not None]

    @property
    def required_texts(self) -> tuple[str | None, ...]:
        """The texts that no customer may go without."""
        return (
            self.customer_name,
            self.customer_email,
            self.customer_contact_name,
            self.address,
            self.address_state,
        )


@dataclass(frozen=True, kw_only=True)
class Order:
    """One row of `orders`; schedule and arguments are the columns' text."""

    order_id: Key | None
    order_ref: Key | None
    customer_id: Key | None
    order_schedule: str | None
    delivery_script_name: str | None
    delivery_script_args: str | None
    order_amount: Key | None
    order_status: str | None

    @property
    def is_live(self) -> bool:
        """Whether the order may still deliver."""
        return self.order_status in LIVE

    @property
    def is_root(self) -> bool:
        """Whether the order is its own ancestor."""
        return self.order_ref is not None and self.order_ref == self.order_id

    @property
    def is_recreation(self) -> bool:
        """Whether the order has another order for an ancestor."""
        return self.order_ref is not None and self.order_id is not None and self.order_ref != self.order_id

    @property
    def lacks_script(self) -> bool:
        """Whether no delivery script is named."""
        return self.delivery_script_name is None or is_blank(self.delivery_script_name)


@dataclass(frozen=True)
class Tables:
    """All rows of both tables, and how the balances compare."""

    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    float_balances: bool = True


def read(conn: psycopg.Connection[Any], schema: str | None = None) -> Tables:
    """All rows of `customers` and `orders`, from `schema` or from the search path.

    Sets `extra_float_digits` for the session, so that a float's text is its shortest exact form.
    """
    customers, orders = (sql.Identifier(*filter(None, (schema, table))) for table in ("customers", "orders"))
    conn.execute("set extra_float_digits = 1")
    probe = conn.execute(sql.SQL("select customer_balance from {} limit 0").format(customers))
    assert probe.description is not None
    balance_type = probe.description[0].type_code
    if balance_type not in {FLOAT8, NUMERIC, *INTEGERS}:
        raise TypeError(f"balances of type {balance_type} are not understood")
    customer_rows = conn.cursor(row_factory=class_row(Customer)).execute(
        sql.SQL(
            "select customer_id, customer_name::text, customer_email::text, customer_contact_name::text,"
            " customer_phone::text, address::text, address_state::text, customer_balance::text from {}"
        ).format(customers)
    )
    order_rows = conn.cursor(row_factory=class_row(Order)).execute(
        sql.SQL(
            "select order_id, order_ref, customer_id, order_schedule::text, delivery_script_name::text,"
            " delivery_script_args::text, order_amount, order_status::text from {}"
        ).format(orders)
    )
    return Tables(tuple(customer_rows), tuple(order_rows), float_balances=balance_type == FLOAT8)
