"""Building blocks for the cases of rules: valid rows, with given changes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from tests.support import dirty_values
from tests.support.oracle_rows import Customer, Key, Order

#: Per rule: what in one row breaks it, and what does not.
SINGLE_VALUES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {}
#: Per rule: some rows, and which of them break it.
PAIRINGS: dict[str, list[tuple[tuple[Order | Customer, ...], AbstractSet[Key]]]] = {}

OFFICE_HOURS = ("0" * 18 + "1" * 16 + "0" * 14) * 7
CLEAN_ORDER = Order(
    order_id=1,
    order_ref=1,
    customer_id=1,
    order_schedule=OFFICE_HOURS,
    delivery_script_name="email_delivery",
    delivery_script_args='{"email_address": "leads@example.com"}',
    order_amount=100,
    order_status="active",
)
CLEAN_CUSTOMER = Customer(
    customer_id=1,
    customer_name="Acme",
    customer_email="ann@example.com",
    customer_contact_name="Ann Lee",
    customer_phone="+12125550100",
    address="1 Main St",
    address_state="NY",
    customer_balance="1000",
)


def order(order_id: Key | None, ref: Key | None = None, status: str | None = "active", **columns: Any) -> Order:
    """A clean order with changes; a root, unless `ref` is given."""
    columns = {"order_id": order_id, "order_ref": ref or order_id, "order_status": status, **columns}
    return replace(CLEAN_ORDER, **columns)


def customer(customer_id: Key, **columns: Any) -> Customer:
    """A clean, unique customer with changes."""
    unique = {"customer_email": f"c{customer_id}@example.com", "customer_name": f"Acme {customer_id}"}
    return replace(CLEAN_CUSTOMER, customer_id=customer_id, **{**unique, **columns})


def args(*documents: str, script: str | None = "bulk_delivery") -> list[dict[str, Any]]:
    """Orders of one script with these arguments."""
    return [{"delivery_script_args": document, "delivery_script_name": script} for document in documents]


def values(column: str, *items: object) -> list[dict[str, Any]]:
    """Rows with these values in one column."""
    return [{column: item} for item in items]


NUL, HIGH, LOW = r"\u0000", r"\ud83d", r"\ude00"


def refless(order_id: Key, status: str = "active", **columns: Any) -> Order:
    """A clean order without a reference."""
    return replace(CLEAN_ORDER, order_id=order_id, order_ref=None, order_status=status, **columns)


def of_customer(customer_id: Key | None, document: str, **columns: Any) -> Order:
    """The customer's only order, with these arguments; it has the customer's id."""
    order_id = 9 if customer_id is None else customer_id
    return order(order_id, customer_id=customer_id, delivery_script_args=document, **columns)


def named(customer_id: Key, name: str | None, address: str | None = "1 Main St", state: str | None = "NY") -> Customer:
    """A customer of this name and address."""
    return customer(customer_id, customer_name=name, address=address, address_state=state)


def emailed(*emails: str | None) -> tuple[Customer, ...]:
    """Customers 1, 2 and so on with these addresses."""
    return tuple(customer(number, customer_email=email) for number, email in enumerate(emails, 1))


def funded(balance: str | None, *orders: Order) -> tuple[Order | Customer, ...]:
    """These orders, and customer 1 with this balance."""
    return (*orders, customer(1, customer_balance=balance))


#: The values that duplicate orders of two lineages share.
WISHES = dirty_values.ORDER_COLUMNS[2:7]
