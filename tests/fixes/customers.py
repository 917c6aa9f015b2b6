"""Helpers for the tests of the customers' fixes: tables of several types, rows, and fixes applied and undone."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import psycopg

from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply, list_rows, revert
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import AUTOMATIC, fixes
from tests.support import dirty_tables

RULES = load("current").rules
FIXES = fixes(RULES)
WHITE = " \t\n\r\f\v"

Connection = psycopg.Connection[Any]


def tables(connection: Connection, **types: str) -> None:
    """Make the tables, nothing required, with other types than usual for the customers' columns that are named."""
    customers, orders = dirty_tables.TYPES["current"]
    for name, columns in (("customers", {**customers, **types}), ("orders", orders)):
        key = next(iter(columns))
        body = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table {name} ({body}, primary key ({key}))".encode())


def plant(connection: Connection, **columns: Any) -> None:
    """Insert a customer that breaks no rule, but for the columns that are given."""
    sound = {"customer_name": f"Acme {columns['customer_id']}", "customer_contact_name": "Ann", "address_state": "CA",
             "customer_email": f"ann{columns['customer_id']}@acme.example", "address": "1 Main Street",
             "customer_balance": 0}  # fmt: skip
    row = {**sound, **columns}
    connection.execute(
        f"insert into customers ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})".encode(), list(row.values())
    )


def fixed(connection: Connection, rule: str, option: str = AUTOMATIC) -> OptionOutcome:
    """Apply an option of a rule's fix, without concurrent sessions, and check that a second run changes nothing."""
    chosen = FIXES[rule].option(option)
    assert chosen is not None
    done = apply(connection, FIXES[rule], chosen, TARGET, Throttle(max_rounds=1))
    assert done.locked == done.changed_concurrently == 0
    assert list_rows(connection, FIXES[rule], chosen, TARGET) == 0
    return done


def undone(connection: Connection, rule: str) -> None:
    """Revert a fix; nothing stands in its way."""
    done = revert(connection, rule, TARGET, Throttle())
    assert done.locked == done.changed_concurrently == 0


def found(connection: Connection, rule: str) -> list[Any]:
    """The keys of a rule's violations, in order."""
    query = f"select v.{FIXES[rule].rule.key[0]} from ({FIXES[rule].rule.sql}) as v order by 1"
    return [key for (key,) in connection.execute(query.encode())]


def column(connection: Connection, name: str, table: str = "customers", key: str = "customer_id") -> dict[Any, Any]:
    """A column's values as text, by key."""
    return dict(connection.execute(f"select {key}, {name}::text from {table} order by 1".encode()).fetchall())


def everything(connection: Connection) -> list[tuple[str]]:
    """All of both tables."""
    rows = "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    return connection.execute(rows.encode()).fetchall()


MERGES = ("customers.email_is_unique", "customers.no_duplicate")


def as_float(connection: Connection, number: Decimal) -> Decimal:
    """A number as the server writes it once it is a float, which is not always as Python does."""
    if abs(number) > Decimal("1.7976931348623157e308"):
        return Decimal("Infinity")
    row = connection.execute("select %s::numeric::float8::text", [number]).fetchone()
    return Decimal(row[0] if row else 0)


def unmergeable(connection: Connection, rule: str) -> list[Any]:
    """The keys of a rule's violations with a sum of balances that the column cannot store to a hundredth of a cent."""
    groups = connection.execute(
        f"""
        select array_agg(distinct v.customer_id), array_agg(distinct v.customer_id || ' ' || c.customer_balance)
            || array_agg(distinct 'first ' || f.customer_balance),
          bool_and(c.customer_balance is not null and f.customer_balance is not null),
          min(pg_typeof(f.customer_balance)::text)
        from ({FIXES[rule].rule.sql}) as v
        join customers as c on c.customer_id = v.customer_id
        join customers as f on f.customer_id = v.first_customer_id
        group by v.first_customer_id
        """.encode()
    ).fetchall()
    left = []
    for keys, balances, known, kind in groups:
        numbers = [Decimal(balance.split(" ")[1]) for balance in balances if balance is not None]
        if known and all(number.is_finite() for number in numbers):
            with localcontext(prec=1000):
                total = sum(numbers, Decimal(0))
                if kind == "numeric" or abs(total - as_float(connection, total)) < Decimal("0.0001"):
                    continue
        left += keys
    return sorted(left)
