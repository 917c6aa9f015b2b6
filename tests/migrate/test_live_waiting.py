"""Steps and writers of both sides: none waits for the other longer than it has to."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import Later, back, nothing, one, synchronised, take


@pytest.mark.parametrize("step", ["synchronise", "switch", "switch back", "synchronise back", CONTRACT])
def test_who_has_read_may_write_while_a_step_waits_for_them(dsn: str, step: str) -> None:
    """A step that asks for more of a lock than it has would make a deadlock of it, at once, and not its own."""
    all_steps = steps(PROPOSED)
    before = {"synchronise": "prepare", "switch": "verify", "synchronise back": "verify"}.get(step, "switch")
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=300, customers=30, seed=7, defects=0)
        take(connection, all_steps, before)
        ended = threading.Event()

        def step_itself() -> None:
            if step.endswith(" back"):
                back(connection, all_steps, "verify" if step == "switch back" else "prepare")
            else:
                take(connection, all_steps, step)
            ended.set()

        waiting = threading.Thread(target=step_itself)
        sides = ["", "sales."] if before != "prepare" and step != "synchronise back" else [""]
        tables = [
            (f"{side}{table}", f"update {side}{table} set {column} = {column} where {key} = {number}")
            for side in sides
            for table, column, key, number in (
                ("customers", "customer_phone" if not side else "name", "customer_id", 1001),
                ("orders", "order_status", "order_id", 1),
            )
        ]
        if "sales." in sides:
            tables.append(
                ("sales_private.secrets", "update sales_private.secrets set secret = secret where secret_id = 1")
            )
        waited = 0
        for again in range(8):
            for table, update in tables:
                with psycopg.connect(dsn) as other:
                    # what conflicts with the step's own lock
                    first = update + " + 1" if step == "synchronise" else f"select from {table} limit 1"
                    other.execute(first.encode())
                    if not waiting.ident:
                        waiting.start()
                    time.sleep(0.03 * (again % 3) + 0.02)
                    waited += not ended.is_set()
                    other.execute(update.encode())
        waiting.join()
        assert waited
        assert ended.is_set()


@pytest.mark.both_versions
def test_the_way_back_lets_a_reader_of_a_view_write_to_it(dsn: str) -> None:
    """With the locks in another order, each would wait for the other until a timeout."""
    all_steps = steps(PROPOSED)
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=30, customers=3, seed=7, defects=0)
        take(connection, all_steps, "switch")
        (text,) = (step.revert for step in all_steps if step.name == "switch")
        patient = text.replace("set local lock_timeout = '100ms'", "set local lock_timeout = '30s'")
        assert patient != text
        with psycopg.connect(dsn) as other:
            other.execute("select from customers limit 1")
            later = Later(connection, patient.replace("%", "%%"))
            other.execute("update customers set customer_phone = '1' where customer_id = 1001")
            other.execute("update orders set order_amount = order_amount + 1 where order_id = 1")
            other.commit()
            later.join()
        assert later.said is None
        assert one(dsn, "select relkind = 'r' from pg_class where oid = 'public.orders'::regclass")
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_who_holds_a_customer_through_the_view_is_not_held_up_by_a_new_order(dsn: str) -> None:
    """The order refers to the old row and waits for the new one; who holds that one changes the old row."""
    synchronised(dsn)
    customer = one(dsn, "select min(customer_id) from sales.customers")
    with psycopg.connect(dsn, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "switch")
    with psycopg.connect(dsn) as holds, psycopg.connect(dsn) as orders:
        holds.execute("select from customers where customer_id = %s for update", [customer])
        later = Later(
            orders,
            "insert into orders (order_ref, customer_id, order_amount)"
            " values (currval('orders_order_id_seq'), %s, 5) returning order_id",
            customer,
        )
        holds.execute("update customers set customer_balance = customer_balance - 1 where customer_id = %s", [customer])
        holds.commit()
        later.end()
        assert later.said is None
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_an_old_job_waits_for_a_debit_after_the_contract(dsn: str) -> None:
    """The record of its recreation names the ledger entry that is the last by then."""
    synchronised(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        take(connection, steps(PROPOSED), CONTRACT)
    order, customer = (
        one(dsn, f"select {name} from sales.orders where order_id = first_ancestor_id order by order_id limit 1")
        for name in ("order_id", "customer_id")
    )
    with psycopg.connect(dsn) as spends, psycopg.connect(dsn) as job:
        spends.execute("insert into sales.ledger_entries (customer_id, amount) values (%s, -1)", [customer])
        later = Later(
            job, "insert into orders (order_ref, customer_id, order_amount) values (%s, %s, 1)", order, customer
        )
        assert later.is_alive()
        spends.commit()
        later.end()
        assert later.said is None
    assert one(
        dsn,
        "select r.entry_number = c.entry_number and r.balance = c.balance from sales.recreations as r"
        " join sales.customers as c using (customer_id)",
    )


@pytest.mark.parametrize("end", ["switch", CONTRACT])
def test_a_debit_counts_that_takes_what_another_session_gives(dsn: str, end: str) -> None:
    """The balance is then what the waiting statement read before it waited."""
    synchronised(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        take(connection, steps(PROPOSED), end)
    customer = one(dsn, "select min(customer_id) from sales.customers")
    with psycopg.connect(dsn) as gives, psycopg.connect(dsn) as takes:
        gives.execute("update customers set customer_balance = 100 where customer_id = %s", [customer])
        gives.commit()
        gives.execute("insert into sales.ledger_entries (customer_id, amount) values (%s, 1.5)", [customer])
        later = Later(
            takes, "update customers set customer_balance = customer_balance - 1.5 where customer_id = %s", customer
        )
        assert later.is_alive()
        gives.commit()
        later.end()
        assert later.said is None
        takes.commit()
    assert one(dsn, "select customer_balance from customers where customer_id = %s", customer) == 100
    assert one(dsn, "select balance from sales.customers where customer_id = %s", customer) == 100
