"""Guards that fixes left on the old tables, while applications of both sides write."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import fix, guards, migrate, rows, shape
from tests.support.program import order_audit

pytestmark = pytest.mark.both_versions


@pytest.fixture
def guarded(issues: str) -> str:
    """A database with all labelled issues fixed automatically, and the guards of all passing rules."""
    fix(issues)
    return issues


def live(dsn: str) -> None:
    """Writes of applications of the new side, and of one of the old side."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def one(text: str, *values: object) -> object:
            row = connection.execute(text.encode(), values).fetchone()
            return row[0] if row else None

        with connection.transaction():
            customer = one("insert into sales.customers (name) values ('New & Co') returning customer_id")
            connection.execute(
                "insert into sales.ledger_entries (customer_id, amount, reason) values (%s, 900, 'paid')", [customer]
            )
            connection.execute(
                "insert into sales.contacts (customer_id, name, email) values (%s, 'N', %s)",
                [customer, f"n{customer}@example.com"],
            )
            connection.execute(
                "insert into sales.addresses (customer_id, street, state_code) values (%s, '1 Street', 'AK')",
                [customer],
            )
            order = one(
                "insert into sales.orders (customer_id, schedule_id, delivery_id, amount, order_status)"
                " select %s, min(schedule_id), sales.delivery(%s, 'custom_crm', '{\"api_key\": \"k\"}'), 100, 'active'"
                " from sales.schedules returning order_id",
                customer,
                customer,
            )
        assert (
            one("select customer_email from customers where customer_id = %s", customer) == f"n{customer}@example.com"
        )
        made = one("select sales.recreate(%s)", order)
        assert one("select order_status from orders where order_id = %s", order) == "recreated"
        assert one("select order_ref from orders where order_id = %s", made) == order
        connection.execute("update sales.orders set order_status = 'paused' where order_id = %s", [made])
        connection.execute("update orders set order_amount = 5 where order_id = %s", [made])
        connection.execute(
            "update customers set customer_balance = customer_balance - 7, customer_phone = '1' where customer_id = %s",
            [customer],
        )
        assert one("select balance from sales.customers where customer_id = %s", customer) == 893
        connection.execute("delete from orders where order_id = %s", [made])
        connection.execute("delete from orders where order_id = %s", [order])
        connection.execute("delete from customers where customer_id = %s", [customer])
        assert one("select count(*) from sales.customers where customer_id = %s", customer) == 0


def test_guards_hold_and_nobody_is_refused_for_them(guarded: str, server: Server) -> None:
    before, dumped = rows(guarded), shape(server, guarded)
    assert guards(guarded) > 5
    for step in ("synchronise", "backfill", "switch"):
        migrate(guarded, "run", "--to", step, "--quiet", *(["--accept-quarantine", "99"] if step == "switch" else []))
        assert rows(guarded) == before
        if step != "synchronise":
            live(guarded)
            assert rows(guarded) == before
            with psycopg.connect(guarded, autocommit=True) as connection:
                assert verify(connection, lambda *_: None).equal
    migrate(guarded, "rollback", "--quiet")
    assert rows(guarded) == before
    assert shape(server, guarded) == dumped


def test_guarded_tables_come_to_their_end(sample: str, tmp_path: Path) -> None:
    live_orders = "order_status in ('pending', 'active', 'paused')"
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            f"update orders as o set order_status = 'cancelled' where {live_orders} and exists (select from orders as n"
            f" where n.order_ref = o.order_ref and n.order_id > o.order_id and n.{live_orders})".encode()
        )
    fix(sample)
    assert guards(sample) > 25
    migrate(sample, "run", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        # the job closes an order before it makes the next: one guard allows a single live order
        connection.execute("call sales.recreate_due()")
        assert connection.execute("select count(*) > 3 from sales.recreations").fetchone() == (True,)
    live(sample)
    with psycopg.connect(sample, autocommit=True) as connection:
        # they reject writes through the view; rows that the old table rejects fail at the end of the transaction
        for text in (
            "update customers set customer_name = ' ' where customer_id = 1",
            "insert into sales.customers (name) values ('Nobody')",
            "insert into sales.orders (customer_id, schedule_id, amount, order_status)"
            " select 1, min(schedule_id), 1, 'active' from sales.schedules",
        ):
            with pytest.raises(psycopg.errors.CheckViolation, match="order_audit_"):
                connection.execute(text.encode())
    assert "equal" in migrate(sample, "verify", "--quiet")
    contracted = migrate(sample, "contract", "--drop-old-tables", "--quiet")
    assert "warning: guards of order-audit fixes are dropped with the old tables: order_audit_" in contracted
    live(sample)
    # the audit of the remaining tables ignores guards on dropped tables
    words = ("--suite", "proposed", "--dsn", sample, "--out", str(tmp_path), "--quiet", "--fail-on", "never")
    said = order_audit("run", *words)
    assert said.returncode == 0, said.stderr
