"""Random dirty lineages, and fixes in random legal orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from hypothesis import strategies as st

from order_audit.audit.database.server import Server
from order_audit.expectations import Rule, load
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Fix, fixes
from tests.support import dirty_values, servers

SCHEMA = Path(__file__).parents[2] / "order_audit" / "scenario" / "current" / "schema.sql"
RULES = load("current").rules
FIXES = fixes(RULES)
#: Without other sessions.
ALONE = Throttle(max_lock_wait_ms=0, vacuum_after=0)
ONES, NONE, DRIFTING = "1" * 336, "0" * 336, dirty_values.repeated(dirty_values.DRIFTING)


class Row(NamedTuple):
    """An order."""

    order_id: int
    order_ref: int | None
    customer_id: int | None
    order_status: str | None = "active"
    order_amount: int | None = 5
    order_schedule: str | None = ONES
    delivery_script_name: str | None = "crm"
    delivery_script_args: str | None = None


@st.composite
def lineages(draw: st.DrawFn) -> list[Row]:
    """A few orders that refer to each other in every way, to orders that are not there, and to none."""
    ids = draw(st.lists(st.integers(1, 12), min_size=1, max_size=9, unique=True))
    pick = st.sampled_from
    return [
        Row(
            order_id=order_id,
            order_ref=draw(pick([*ids, order_id, order_id, 97, 98, None])),
            customer_id=draw(pick([1, 1, 1, 2, 2, None, 99])),
            order_status=draw(
                pick([*dirty_values.STATUSES, "active", "recreated", " Active", "PAUSED ", "gone", None])
            ),
            order_amount=draw(pick([5, 5, 5, 0, -5, None])),
            order_schedule=draw(pick([ONES, ONES, NONE, DRIFTING, None])),
            delivery_script_name=draw(pick(["crm", "crm", "CRM", " c-r m\n", "1", " ", None])),
            delivery_script_args=draw(pick([None, None, "null", "{}", '{"a": 1}'])),
        )
        for order_id in ids
    ]


@contextmanager
def lineage_tables(server_18: Server) -> Iterator[psycopg.Connection]:
    """A database with the current schema, less its constraints but the keys, and two customers."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("alter table orders drop constraint chk_status, drop constraint orders_customer_id_fkey")
        for column in Row._fields[1:]:
            connection.execute(f"alter table orders alter column {column} drop not null".encode())
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state, customer_balance) values"
            " (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', 100),"
            " (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY', 7)"
        )
        install(connection, TARGET)
        yield connection
    servers.drop_database(server_18, dsn)


def plant(connection: psycopg.Connection, rows: list[Row]) -> None:
    """Insert orders."""
    marks = ", ".join(["%s"] * len(Row._fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into orders ({', '.join(Row._fields)}) values ({marks})".encode(), rows)


def all_rows(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """All of both tables."""
    return connection.execute(
        "select o::text from orders as o union all select c::text from customers as c order by 1"
    ).fetchall()


def legal(rng: random.Random) -> list[Fix]:
    """The fixes in any order in which each comes after those that it names."""
    left = [*FIXES.values()]
    rng.shuffle(left)
    done: list[Fix] = []
    while left:
        waiting = {fix.rule.id for fix in left}
        done.append(next(fix for fix in left if not waiting & set(fix.after)))
        left.remove(done[-1])
    return done


def count_of(connection: psycopg.Connection, rule: Rule) -> int:
    """The number of a rule's violations."""
    row = connection.execute(f"select count(*) from ({rule.sql}) as v".encode()).fetchone()
    return int(row[0]) if row else 0
