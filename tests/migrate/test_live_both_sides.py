"""Concurrent writes of both sides: nothing is spent, recreated or overwritten twice."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import SerializationFailure

from order_audit.errors import RefusalError, RunError
from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.backfill import backfill
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.run import record_verified, run
from order_audit.scenario.migrate.steps import CONTRACT, execute, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import Later, nothing, one, synchronised, take


@pytest.mark.both_versions
def test_an_order_is_recreated_by_one_of_both_nightly_jobs(dsn: str) -> None:
    """The old one holds the customer; the new one waits for it, and finds the order recreated."""
    synchronised(dsn)
    order = one(dsn, "select min(order_id) from sales.orders_due")
    with psycopg.connect(dsn) as old, psycopg.connect(dsn) as new:
        old.execute(
            "select from customers where customer_id = (select customer_id from orders where order_id = %s) for update",
            [order],
        )
        later = Later(new, "select sales.recreate(%s)", order)
        old.execute(
            "insert into orders (order_ref, customer_id, order_schedule, order_amount, order_status)"
            " select order_ref, customer_id, order_schedule, order_amount, order_status"
            " from orders where order_id = %s",
            [order],
        )
        old.execute("update orders set order_status = 'recreated' where order_id = %s", [order])
        old.commit()
        later.end()
        assert later.said is None
    assert one(dsn, "select count(*) from sales.recreations where predecessor_id = %s", order) == 1
    assert one(dsn, "select count(*) from orders") == 301
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert verify(connection, nothing).equal


def test_an_entry_brings_along_what_the_old_side_left(dsn: str) -> None:
    """A new application holds the customer, an old one changes the balance meanwhile, then comes the entry."""
    synchronised(dsn)
    customer = one(dsn, "select min(customer_id) from sales.customers")
    with psycopg.connect(dsn) as old, psycopg.connect(dsn) as new:
        new.execute("select from sales.customers where customer_id = %s for no key update", [customer])
        old.execute("update customers set customer_balance = customer_balance - 5 where customer_id = %s", [customer])
        old.commit()
        new.execute("insert into sales.ledger_entries (customer_id, amount) values (%s, 2)", [customer])
        new.commit()
    assert one(dsn, "select balance from sales.customers where customer_id = %s", customer) == 999_997
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert connection.execute("select count(*) from migration.pending").fetchone() == (0,)
        assert verify(connection, nothing).equal


def test_nobody_spends_what_the_other_side_spent(dsn: str) -> None:
    synchronised(dsn)
    customer = one(dsn, "select min(customer_id) from sales.customers")
    with psycopg.connect(dsn) as old, psycopg.connect(dsn) as new:
        old.execute("update customers set customer_balance = 10 where customer_id = %s", [customer])
        old.commit()
        old.execute("select from customers where customer_id = %s for update", [customer])
        later = Later(new, "insert into sales.ledger_entries (customer_id, amount) values (%s, -10)", customer)
        old.execute("update customers set customer_balance = 0 where customer_id = %s", [customer])
        old.commit()
        later.end()
        assert isinstance(later.said, psycopg.errors.SerializationFailure)
    with psycopg.connect(dsn, autocommit=True) as connection:
        copy_left_over(connection, MigrationThrottle())
        assert verify(connection, nothing).equal
        row = connection.execute("select balance from sales.customers where customer_id = %s", [customer]).fetchone()
        assert row == (0,)
        # what nobody else spends may be spent to the last cent
        connection.execute("update customers set customer_balance = 0.01 where customer_id = %s", [customer])
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (%s, -0.01)", [customer])
        assert one(dsn, "select customer_balance from customers where customer_id = %s", customer) == 0
        assert verify(connection, nothing).equal


def test_the_backfill_comes_back_for_what_others_only_held(dsn: str) -> None:
    """A session that locks a row without a change fires no trigger that copies it."""
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        psycopg.connect(dsn) as customers,
        psycopg.connect(dsn) as orders,
    ):
        generate(connection, orders=300, customers=30, seed=7, defects=0)
        take(connection, steps(PROPOSED), "synchronise")
        holders = {"customers": customers, "orders": orders}
        for table, holder in holders.items():
            holder.execute(f"select from {table} limit 1 for update".encode())

        def let_go(_done: int, _of: int, note: str) -> None:
            if note in holders:
                holders[note].rollback()

        backfill(connection, MigrationThrottle(), let_go)
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_the_switch_brings_in_what_the_old_side_left(dsn: str) -> None:
    """A new application held the customer and wrote nothing, so that it brought nothing along."""
    synchronised(dsn)
    all_steps = steps(PROPOSED)
    customer = one(dsn, "select min(customer_id) from sales.customers")
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as new:
        take(connection, all_steps, "verify")
        new.execute("select from sales.customers where customer_id = %s for no key update", [customer])
        connection.execute("update customers set customer_balance = 7 where customer_id = %s", [customer])
        with pytest.raises(RunError, match="other sessions have locked 1 row that both sides have written, in 2 tries"):
            run(connection, all_steps, "switch", MigrationThrottle(max_tries=2), start_ignored)
        (switch,) = (step.deploy for step in all_steps if step.name == "switch")
        with pytest.raises(psycopg.errors.LockNotAvailable, match="pending rows are locked by another session"):
            execute(connection, switch)
        new.commit()
        take(connection, all_steps, "switch")
        assert one(dsn, "select customer_balance from customers where customer_id = %s", customer) == 7
        assert verify(connection, nothing).equal
        record_verified(connection)
        # a contact is held without its customer: it is copied before the old tables go
        new.execute("select from sales.contacts where customer_id = %s for no key update", [customer])
        connection.execute("update customers set customer_phone = '5' where customer_id = %s", [customer])
        with pytest.raises(RefusalError, match="no locks after"):
            run(connection, all_steps, CONTRACT, MigrationThrottle(max_tries=2), start_ignored)
        new.commit()
        take(connection, all_steps, CONTRACT)
        assert one(dsn, "select phone from sales.contacts where customer_id = %s and is_main", customer) == "5"


@pytest.mark.both_versions
def test_two_who_bring_the_same_row_leave_it_as_the_later_wrote_it(dsn: str) -> None:
    synchronised(dsn)
    with psycopg.connect(dsn, autocommit=True) as first, psycopg.connect(dsn) as second:
        # an order with a first ancestor that does not exist yet, and a customer without a state
        first.execute(
            "insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)"
            " select 5002, 5001, min(customer_id), 'custom_crm', '{\"api_key\": \"first\"}' from customers;"
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state, customer_balance) values (9002, 'A', 'a@example.com', 'B', 'C', '', 12.5)"
        )
        assert one(dsn, "select count(*) from migration.quarantined_order where order_id = 5002") == 1
        assert one(dsn, "select count(*) from migration.quarantined_customer where customer_id = 9002") == 1
        first.execute("alter table customers disable trigger user")
        first.execute("update customers set address_state = 'AK' where customer_id = 9002")
        first.execute("alter table customers enable always trigger migration_update")
        with first.transaction():
            first.execute(
                "insert into orders (order_id, order_ref, customer_id)"
                " select 5001, 5001, min(customer_id) from customers"
            )
            first.execute("select migration.copy_customers_to_new(array[9002::bigint])")
            later = Later(
                second,
                'update orders set delivery_script_args = \'{"api_key": "second"}\' where order_id = 5002;'
                "update customers set customer_phone = 'second', customer_balance = 13 where customer_id = 9002",
            )
            assert later.is_alive()
        later.end()
        assert later.said is None
    texts = "select t.args_text from sales.orders as o join sales_old.delivery_texts as t using (delivery_id)"
    assert one(dsn, f"{texts} where order_id = 5002") == '{"api_key": "second"}'
    assert one(dsn, "select phone from sales.contacts where customer_id = 9002") == "second"
    assert one(dsn, "select balance from sales.customers where customer_id = 9002") == 13
    assert one(dsn, "select count(*) from migration.quarantined_order") == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert verify(connection, nothing).equal


def test_orders_that_come_alone_and_together_are_written_alike(dsn: str) -> None:
    """A single new order uses the fast path: first ancestors, recreations, secrets, and rows for the quarantine."""
    synchronised(dsn)
    nights, days = "1" * 48 + "0" * 288, "01" * 168
    crm, mail = '{"api_key": "k", "to": [{"token": "t"}]}', '{"email_address": "a@example.com"}'
    rows = [
        (1, 1, nights, "custom_crm", crm, 5, "active"),
        (2, 1, nights, "custom_crm", crm, 6, "active"),
        (3, 1, "0" * 336, None, None, 7, "pending"),
        (4, 4, "0" * 336, "never_seen_{}", "null", 7, "cancelled"),
        (5, 4, days, "email_delivery", mail, 7, "paused"),
        (6, 6, days, "email_delivery", "{}", 7, "paused"),
        (7, 7, days, None, "null", 2_000, "pending"),
        (8, 7, days, None, None, 2_000, "pending"),
        (9, 50, days, None, None, 7, "pending"),
        (10, 7, days, None, None, 1_000, "expired"),
        (11, 7, days, None, None, 999, "expired"),
    ]
    insert = "insert into orders values (%s, %s, %s, %s::bit(336), %s, %s::json, %s, %s)"
    written = """
    select o.order_id - %(base)s, o.first_ancestor_id - %(base)s, o.schedule_id, o.amount, o.order_status,
      o.created_at is null, r.predecessor_id - %(base)s, r.balance, r.amount,
      replace(d.script_name, %(name)s, ''), d.checked_as, d.created_at is null,
      sales_private.with_secrets(o.customer_id, d.args), strpos(d.args::text, 'secret-ref') > 0, t.args_text,
      (select count(*) from sales_private.secrets as s where s.customer_id = o.customer_id and s.secret in ('k', 't')),
      exists (select from sales_old.null_args as n where n.order_id = o.order_id)
    from sales.orders as o
    left join sales.recreations as r using (order_id)
    left join sales.deliveries as d using (delivery_id)
    left join sales_old.delivery_texts as t using (delivery_id)
    where o.customer_id = %(customer)s and o.order_id > %(base)s
    order by 1
    """
    found = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for base, together in ((10_000, False), (20_000, True)):
            customer = one(dsn, "select min(customer_id) from sales.customers") + together
            connection.execute("update customers set customer_balance = 1000 where customer_id = %s", [customer])
            values = [
                (base + n, base + ref, customer, bits, name and name.format(base), *rest)
                for n, ref, bits, name, *rest in rows
            ]
            if together:
                connection.execute(
                    (insert + ", (%s, %s, %s, %s::bit(336), %s, %s::json, %s, %s)" * (len(rows) - 1)).encode(),
                    [value for row in values for value in row],
                )
            else:
                for row in values:
                    connection.execute(insert.encode(), row)
            found.append(
                (
                    connection.execute(
                        written.encode(), {"base": base, "customer": customer, "name": str(base)}
                    ).fetchall(),
                    connection.execute(
                        "select order_id - %s, reasons from migration.quarantined_order where order_id > %s"
                        " and order_id < %s order by 1",
                        [base, base, base + 100],
                    ).fetchall(),
                )
            )
        assert verify(connection, nothing).equal
    assert found[0] == found[1]
    orders, quarantine = found[0]
    assert [row[0] for row in orders] == [1, 2, 4, 5, 7, 11]
    assert [row[6] for row in orders] == [None, 1, None, 4, None, 7]
    assert [row[0] for row in quarantine] == [3, 6, 8, 9, 10]
    assert quarantine[0][1] == ["recreation.happens_once_a_day"]


@pytest.mark.both_versions
def test_a_statement_on_a_view_writes_over_no_concurrent_change(sample: str) -> None:
    """Neither with the old tables nor without: arguments, which are compared as text, and other columns."""
    with psycopg.connect(sample) as first, psycopg.connect(sample) as second:
        for step in ("switch", CONTRACT):
            with psycopg.connect(sample, autocommit=True) as connection:
                take(connection, steps(PROPOSED), step)
            first.execute("update orders set delivery_script_name = 'bulk_delivery' where order_id = 1001")
            for table, row, column, before, now, wanted, other in (
                ("orders", "order_id = 1001", "delivery_script_args", "{}", '{"n": 1}', '{"n": 2}', "order_amount = 8"),
                ("customers", "customer_id = 1", "customer_name", "Zero", "One", "Two", "customer_phone = '8'"),
            ):
                for change, error in ((f"{column} = '{wanted}'", SerializationFailure), (other, type(None))):
                    first.execute(f"update {table} set {column} = '{before}' where {row}".encode())
                    first.commit()
                    first.execute(f"update {table} set {column} = '{now}' where {row}".encode())
                    later = Later(second, f"update {table} set {change} where {row}")
                    first.commit()
                    later.end()
                    assert isinstance(later.said, error), (step, change)
                    assert one(sample, f"select {column}::text from {table} where {row}") == now
