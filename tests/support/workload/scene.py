"""Shared by all applications of a workload: the rows, and the ledger of committed writes."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import psycopg

#: Statuses that an order may get without a schedule and without being due.
STATUSES: Final = ("pending", "paused", "cancelled", "expired")
#: Contended customers and orders, and the percentage of accesses to them.
_HOT: Final = 5
_OFTEN: Final = 20
SCHEDULE: Final = ("0" * 18 + "1" * 16 + "0" * 14) * 5 + "0" * 96

#: All rows as they were before, to be compared with. Balances are in quarters of a dollar, of which floating point
#: keeps sums and differences exactly.
_PREPARE: Final = """
update customers set customer_balance = 1e6 + floor(customer_balance * 4) / 4
where customer_balance >= 0 and customer_balance <= 1e9;
create index if not exists orders_by_customer on orders (customer_id);
create index if not exists orders_by_ref on orders (order_ref);
create schema workload;
create table workload.customers as select * from customers;
create table workload.orders as select * from orders;
alter table workload.customers add primary key (customer_id);
alter table workload.orders add primary key (order_id);
"""


@dataclass
class Ledger:
    """Committed writes. Values have the number of the moment of their row's lock: the last one counts."""

    added: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    last: dict[tuple[str, int], tuple[int, Any]] = field(default_factory=dict)
    made: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    #: Which order was made from which.
    recreated: list[tuple[int, int]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)


@dataclass
class Draft:
    """The writes of an open transaction."""

    added: list[tuple[str, int, Decimal]] = field(default_factory=list)
    last: list[tuple[str, int, int, Any]] = field(default_factory=list)
    made: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    recreated: list[tuple[int, int]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)


@dataclass
class Scene:
    """The rows of a database, some of them contended, and the committed writes."""

    dsn: str
    ledger: Ledger = field(default_factory=Ledger)
    lock: threading.Lock = field(default_factory=threading.Lock)
    moments: Iterator[int] = field(default_factory=itertools.count)
    #: The greatest id of an order, and the ids of customers.
    orders: int = 0
    customers: list[int] = field(default_factory=list)

    def prepare(self) -> None:
        """Remember all rows as they are, and choose which ones everybody wants."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(_PREPARE.encode())
            connection.execute("vacuum (analyze) customers")
            connection.execute("vacuum (analyze) orders")
            row = connection.execute("select max(order_id) from workload.orders").fetchone()
            assert row is not None
            self.orders = row[0]
            self.customers = _list(connection, "select array_agg(customer_id) from workload.customers")
            ids = "select array(select {} from workload.{} {} order by 1 desc limit 5)"
            self._hot_customers = _list(connection, ids.format("customer_id", "customers", ""))
            self._hot_orders = _list(
                connection, ids.format("order_id", "orders", "where order_status = 'active' and order_ref = order_id")
            )

    def customer(self, chance: random.Random) -> int:
        """One that everybody wants, or any."""
        if chance.randrange(100) < _OFTEN:
            return chance.choice(self._hot_customers)
        return chance.choice(self.customers)

    def order(self, chance: random.Random) -> int:
        """One that everybody wants, or any."""
        if chance.randrange(100) < _OFTEN:
            return chance.choice(self._hot_orders)
        return chance.randint(1, self.orders)

    def write_down(self, draft: Draft) -> None:
        """Records the writes of a committed transaction."""
        ledger = self.ledger
        for name, key, amount in draft.added:
            ledger.added[name, key] = ledger.added.get((name, key), Decimal(0)) + amount
        for name, key, moment, value in draft.last:
            if ledger.last.get((name, key), (-1, None))[0] < moment:
                ledger.last[name, key] = (moment, value)
        ledger.made.update(draft.made)
        ledger.deleted.update(draft.deleted)
        ledger.recreated += draft.recreated
        ledger.entries += draft.entries


Action = Callable[[Scene, psycopg.Connection, random.Random, Draft], None]


def named(row: tuple[Any, ...]) -> dict[str, Any]:
    """An order's columns but for its id and reference, by name."""
    names = ("customer_id", "order_schedule", "delivery_script_name", "order_amount", "order_status")
    return dict(zip(names, row, strict=True))


def _list(connection: psycopg.Connection, query: str) -> list[int]:
    row = connection.execute(query.encode()).fetchone()
    return list(row[0]) if row else []
