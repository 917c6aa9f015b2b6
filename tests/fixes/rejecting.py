"""Helpers for the tests of rejected rows: orders to fix, and the remaining ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from order_audit.expectations import Rule, load
from order_audit.fixes.fix import Fix, fixes

ROOT = Path(__file__).parents[2]
ALL = {rule.id: rule for rule in load("current").rules}

Connection = psycopg.Connection


def of(*rules: str) -> tuple[tuple[Rule, ...], dict[str, Fix]]:
    """Rules and their fixes."""
    chosen = tuple(ALL[rule] for rule in rules)
    return chosen, fixes(chosen)


@contextmanager
def orders_to_fix(dsn: str) -> Iterator[Connection]:
    """200 orders: of four, the first and the second have a status to be put right; each tenth a script's name."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute("alter table orders drop constraint chk_status")
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state) select i, 'Acme ' || i, 'ann@acme.example', 'Ann', '1 Main Street', 'CA'"
            " from generate_series(1, 2) as i"
        )
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_status, delivery_script_name)"
            " select g, g, 1, (array['active', ' Active', 'EXPIRED ', 'paused'])[1 + g % 4],"
            " case when g % 10 = 0 then 'CRM' else 'crm' end from generate_series(1, 200) as g"
        )
        yield connection


def statuses(connection: Connection) -> dict[int, str]:
    """The status of each order."""
    return dict(connection.execute("select order_id, order_status from orders order by 1").fetchall())


def left(connection: Connection) -> set[int]:
    """Orders whose status is still to be put right."""
    return {id for id, status in statuses(connection).items() if status.strip().lower() != status}


def everything(connection: Connection) -> list[tuple[str]]:
    """All of both tables."""
    return connection.execute(
        "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    ).fetchall()
