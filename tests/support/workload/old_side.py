"""Old applications: they read and write `customers` and `orders`."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal
from typing import Final

import psycopg

from tests.support.workload.scene import SCHEDULE, STATUSES, Action, Draft, Scene, named


def read_order(scene: Scene, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
    """An order."""
    connection.execute("select * from orders where order_id = %s", [scene.order(chance)]).fetchall()


def read_customer(scene: Scene, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
    """A customer and their orders."""
    customer = scene.customer(chance)
    connection.execute("select * from customers where customer_id = %s", [customer]).fetchall()
    connection.execute(
        "select order_id, order_amount, order_status from orders where customer_id = %s order by order_id limit 50",
        [customer],
    ).fetchall()


def spend(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Lock the customer, compute, and write the result."""
    customer, amount = scene.customer(chance), Decimal(chance.randint(-400, 400)) / 4
    row = connection.execute(
        "select customer_balance from customers where customer_id = %s for update", [customer]
    ).fetchone()
    if row is None or not 0 <= row[0] + float(amount) < 1e12:
        return
    if connection.execute(
        "update customers set customer_balance = %s where customer_id = %s", [row[0] + float(amount), customer]
    ).rowcount:
        draft.added.append(("balance", customer, amount))


def spend_if_covered(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Debit a balance in one statement."""
    customer, amount = scene.customer(chance), Decimal(chance.randint(1, 40)) / 4
    if connection.execute(
        "update customers set customer_balance = customer_balance - %s::float8"
        " where customer_id = %s and customer_balance >= %s and customer_balance < 'infinity'",
        [float(amount), customer, float(amount)],
    ).rowcount:
        draft.added.append(("balance", customer, -amount))


def call(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Another telephone number."""
    customer, phone = scene.customer(chance), f"+1 {chance.randrange(10**10)}"
    if connection.execute(
        "update customers set customer_phone = %s where customer_id = %s", [phone, customer]
    ).rowcount:
        draft.last.append(("phone", customer, next(scene.moments), phone))


def set_status(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Another status of two orders."""
    for order in sorted({scene.order(chance), chance.randint(1, scene.orders)}):
        status = chance.choice(STATUSES)
        if connection.execute(
            "update orders set order_status = %s where order_id = %s and order_status <> 'recreated'",
            [status, order],
        ).rowcount:
            draft.last.append(("status", order, next(scene.moments), status))


def set_statuses(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Of a customer's orders, the paused ones."""
    customer = scene.customer(chance)
    connection.execute(
        "select from orders where customer_id = %s and order_status = 'paused' order by order_id for update",
        [customer],
    )
    rows = connection.execute(
        "update orders set order_status = 'pending' where customer_id = %s and order_status = 'paused'"
        " returning order_id",
        [customer],
    ).fetchall()
    draft.last += (("status", order, next(scene.moments), "pending") for (order,) in rows)


def raise_amount(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """A higher amount."""
    order = scene.order(chance)
    connection.execute("select from orders where order_id = %s for update", [order])
    if connection.execute("update orders set order_amount = order_amount + 1 where order_id = %s", [order]).rowcount:
        draft.added.append(("amount", order, Decimal(1)))


def begin_lineage(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """A new order."""
    customer, amount = scene.customer(chance), chance.randint(1, 500)
    args = f'{{ "email_address": "x{chance.randrange(1000)}@leads.example" , "api_key": "k{chance.random()}"}}'
    row = connection.execute(
        "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
        " order_amount, order_status)"
        " values (currval('orders_order_id_seq'), %s, %s::bit(336), 'email_delivery', %s::json, %s, 'active')"
        " returning order_id, order_ref",
        [customer, SCHEDULE, args, amount],
    ).fetchone()
    assert row is not None
    assert row[0] == row[1], row
    draft.made.append(
        (row[0], {"order_ref": row[0], "customer_id": customer, "order_schedule": SCHEDULE, "order_amount": amount,
                  "delivery_script_name": "email_delivery", "order_status": "active"})
    )  # fmt: skip


def recreate(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """The nightly job for one customer. A job of the same day has left what this day has recreated."""
    customer = scene.customer(chance)
    row = connection.execute(
        "select customer_balance from customers where customer_id = %s for update", [customer]
    ).fetchone()
    if row is None:
        return
    due = connection.execute(
        "select order_id, order_ref from orders as o"
        " where customer_id = %s and order_status in ('pending', 'active', 'paused') and order_amount < %s"
        " and (order_id = order_ref or order_id <= %s)"
        " and not exists (select from orders as later"
        " where later.order_ref = o.order_ref and later.order_id > o.order_id)"
        " order by order_id limit 2 for update",
        [customer, row[0], scene.orders],
    ).fetchall()
    for order, ref in due:
        made = connection.execute(
            "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name,"
            " delivery_script_args, order_amount, order_status)"
            " select order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
            " order_amount, order_status"
            " from orders where order_id = %s and order_status in ('pending', 'active', 'paused')"
            " returning order_id, customer_id, order_schedule::text, delivery_script_name, order_amount,"
            " order_status",
            [order],
        ).fetchone()
        if made is None:
            continue
        connection.execute("update orders set order_status = 'recreated' where order_id = %s", [order])
        moment = next(scene.moments)
        draft.last.append(("status", order, moment, "recreated"))
        draft.recreated.append((order, made[0]))
        draft.made.append((made[0], {"order_ref": ref, **named(made[1:])}))


def delete_order(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """An order that was created and is not referenced."""
    with scene.lock:
        made = [it for it in itertools.islice(reversed(scene.ledger.made), 200) if it not in scene.ledger.deleted]
    if not made:
        return
    order = chance.choice(made)
    if connection.execute(
        "delete from orders where order_id = %s and order_status in ('cancelled', 'expired')"
        " and not exists (select from orders as o where o.order_ref = %s and o.order_id <> %s)",
        [order, order, order],
    ).rowcount:
        draft.deleted.append(order)


def cancel_made(scene: Scene, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
    """Cancel an order that was made."""
    with scene.lock:
        made = [it for it in itertools.islice(reversed(scene.ledger.made), 200) if it not in scene.ledger.deleted]
    if (
        made
        and connection.execute(
            "update orders set order_status = 'cancelled'"
            " where order_id = %s and order_status in ('pending', 'active')",
            [order := chance.choice(made)],
        ).rowcount
    ):
        draft.last.append(("status", order, next(scene.moments), "cancelled"))


#: Their actions, with relative frequencies.
OLD: Final[tuple[tuple[Action, int], ...]] = (
    (read_order, 30), (read_customer, 15), (spend, 8), (spend_if_covered, 10), (call, 4), (set_status, 10),
    (set_statuses, 3), (raise_amount, 6), (begin_lineage, 6), (recreate, 4), (delete_order, 2),
    (cancel_made, 2),
)  # fmt: skip
