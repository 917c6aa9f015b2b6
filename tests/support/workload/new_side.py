"""New applications: they read and write the tables of `sales`."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Final

import psycopg

from tests.support.workload.scene import STATUSES, Action, Draft, Scene, named


def read(scene: Scene, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
    """A customer with contacts and orders."""
    customer = scene.customer(chance)
    connection.execute(
        "select c.name, c.balance, k.email from sales.customers as c"
        " join sales.contacts as k on k.customer_id = c.customer_id where c.customer_id = %s",
        [customer],
    ).fetchall()
    connection.execute("select * from sales.orders where customer_id = %s limit 50", [customer]).fetchall()


def entry(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Hold the customer, and add an entry to the ledger."""
    customer, amount = scene.customer(chance), Decimal(chance.randint(-40, 40) or 1) / 4
    reason = f"entry {chance.random()}"
    row = connection.execute(
        "select balance from sales.customers where customer_id = %s for no key update", [customer]
    ).fetchone()
    if row is None or row[0] + amount < 0:
        return
    connection.execute(
        "insert into sales.ledger_entries (customer_id, amount, reason) values (%s, %s, %s)",
        [customer, amount, reason],
    )
    draft.added.append(("balance", customer, amount))
    draft.entries.append(reason)


def entry_at_once(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Add an entry to the ledger in one statement."""
    customer, amount, reason = (
        scene.customer(chance),
        Decimal(chance.randint(1, 40)) / 4,
        f"entry {chance.random()}",
    )
    if connection.execute(
        "insert into sales.ledger_entries (customer_id, amount, reason)"
        " select c.customer_id, %s, %s from sales.customers as c where c.customer_id = %s",
        [amount, reason, customer],
    ).rowcount:
        draft.added.append(("balance", customer, amount))
        draft.entries.append(reason)


def call(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Another telephone number."""
    customer, phone = scene.customer(chance), f"+1 {chance.randrange(10**10)}"
    if connection.execute(
        "update sales.contacts set phone = %s where customer_id = %s and is_main", [phone, customer]
    ).rowcount:
        draft.last.append(("phone", customer, next(scene.moments), phone))


def status(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Another status of two orders."""
    for order in sorted({scene.order(chance), chance.randint(1, scene.orders)}):
        status = chance.choice(STATUSES)
        if connection.execute(
            "update sales.orders set order_status = %s where order_id = %s and order_status <> 'recreated'",
            [status, order],
        ).rowcount:
            draft.last.append(("status", order, next(scene.moments), status))


def amount(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """A higher amount."""
    order = scene.order(chance)
    if connection.execute("update sales.orders set amount = amount + 1 where order_id = %s", [order]).rowcount:
        draft.added.append(("amount", order, Decimal(1)))


def order(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """A new order and its delivery."""
    customer, amount = scene.customer(chance), chance.randint(1, 500)
    if not connection.execute("select from sales.customers where customer_id = %s for key share", [customer]).rowcount:
        return
    row = connection.execute(
        "insert into sales.orders (customer_id, amount, delivery_id)"
        " values (%s, %s, sales.delivery(%s, 'bulk_delivery', %s::jsonb)) returning order_id, first_ancestor_id",
        [customer, amount, customer, f'{{"token": "t{chance.random()}", "to": [1, 2]}}'],
    ).fetchone()
    assert row is not None
    assert row[0] == row[1], row
    draft.made.append(
        (row[0], {"order_ref": row[0], "customer_id": customer, "order_schedule": "0" * 336, "order_amount": amount,
                  "delivery_script_name": "bulk_delivery", "order_status": "pending"})
    )  # fmt: skip


def recreate(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """What the nightly job does, for one customer."""
    customer = scene.customer(chance)
    due = connection.execute(
        "select order_id from sales.orders_due where customer_id = %s order by 1 limit 2", [customer]
    ).fetchall()
    for (order,) in due:
        row = connection.execute("select sales.recreate(%s)", [order]).fetchone()
        if row is None or row[0] is None:
            continue
        moment = next(scene.moments)
        made = connection.execute(
            "select o.first_ancestor_id, o.customer_id, coalesce(sales.bits(s.half_hours)::text, repeat('0', 336)),"
            " d.script_name, o.amount::integer, o.order_status"
            " from sales.orders as o left join sales.schedules as s on s.schedule_id = o.schedule_id"
            " left join sales.deliveries as d on d.delivery_id = o.delivery_id where o.order_id = %s",
            [row[0]],
        ).fetchone()
        assert made is not None
        draft.last.append(("status", order, moment, "recreated"))
        draft.recreated.append((order, row[0]))
        draft.made.append((row[0], {"order_ref": made[0], **named(made[1:])}))


#: Their actions, with relative frequencies.
NEW: Final[tuple[tuple[Action, int], ...]] = (
    (read, 40), (entry, 10), (entry_at_once, 10), (call, 5), (status, 15),
    (amount, 6), (order, 7), (recreate, 7),
)  # fmt: skip
