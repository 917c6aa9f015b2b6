"""Helpers for the tests of broken guards: a small shop, its guards, and what their rules find."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg

from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import install

ROOT = Path(__file__).parents[2]
GUARDS = guards()
LINEAGE = ("order_ref_exists", "order_ref_is_first_ancestor", "keeps_customer", "root_is_not_closed")
ORDER = (
    "insert into orders (order_id, order_ref, customer_id, order_status, order_amount, order_schedule,"
    " delivery_script_name) values ({}, {}, {}, '{}', {}, repeat('1', 336)::bit(336), 'x')"
)


def order(id: int, ref: int, customer: int = 1, status: str = "active", amount: object = 5) -> str:
    """The statement that inserts an order."""
    return ORDER.format(id, ref, customer, status, amount)


def small_shop(dsn: str) -> str:
    """The current schema with three customers who have 100 each, and without a constraint but the keys'."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute("alter table orders drop constraint chk_status")
        connection.execute(
            "insert into customers select g, 'Customer ' || g, 'c' || g || '@example.com', 'Ann', null, 'Street ' || g,"
            " 'CA', 100 from generate_series(1, 3) as g"
        )
    return dsn


def made(dsn: str, *names: str) -> None:
    """Install guards."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in names:
            install(connection, GUARDS[name], Throttle())


def found(connection: psycopg.Connection, *names: str) -> set[str]:
    """The rules of guards that find something."""
    rules = [rule for name in names for rule in GUARDS[name].protects]
    return {rule.id for rule in rules if connection.execute(f"select from (\n{rule.sql}\n) as v".encode()).rowcount}


def random_step(rng: random.Random) -> str:
    """A statement of an application on orders or customers."""
    id, ref = rng.randrange(1, 5), rng.choice((1, 2, 3, 4, 4, 1))
    kind = rng.random()
    if kind < 0.35:
        return order(id, rng.choice((id, ref)), rng.choice((1, 1, 2)), rng.choice(("active", "cancelled", "recreated")))
    if kind < 0.5:
        return f"delete from orders where order_id = {id}"
    if kind < 0.7:
        return f"update orders set order_ref = {rng.choice((id, ref))} where order_id = {id}"
    if kind < 0.85:
        return (
            f"update orders set order_status = '{rng.choice(('paused', 'expired', 'recreated'))}' where order_id = {id}"
        )
    if kind < 0.95:
        return f"update orders set customer_id = {rng.choice((1, 2))} where order_ref = {ref}"
    return f"update orders set order_id = {ref} where order_id = {id}"
