"""Rows that were left for later: in quarantine until another row is there, or locked by both sides."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.errors import RunError
from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import Later, nothing, one, synchronised, take

#: One row at a time.
ROW_BY_ROW = MigrationThrottle(batch_size=1)
_LEAST = -(2**63)


def _held(connection: psycopg.Connection) -> list[tuple[int, list[str]]]:
    return connection.execute("select order_id, reasons from migration.quarantined_order order by order_id").fetchall()


@pytest.mark.both_versions
def test_an_order_is_admitted_with_its_ancestor_of_a_later_batch(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as other:
        generate(connection, orders=30, customers=3, seed=7, defects=0)
        first, last = connection.execute("select min(order_id), max(order_id) from orders").fetchone() or (0, 0)
        connection.execute(
            "update orders set order_ref = case when order_id in (%(a)s, %(b)s) then %(b)s else order_id end,"
            " customer_id = (select min(customer_id) from customers), order_status = 'paused'",
            {"a": first, "b": last},
        )
        take(connection, steps(PROPOSED), "synchronise")
        connection.execute("select migration.backfill('customers', %s, 100)", [_LEAST])
        connection.execute("select migration.backfill('orders', %s, 1)", [_LEAST])
        assert _held(connection) == [(first, [f"its first ancestor {last} is in quarantine"])]
        # the ancestor's own batch finds it locked by a writer, and no pass admits the order before it is there
        other.execute("select from orders where order_id = %s for update", [last])
        other.execute(
            "select pg_advisory_xact_lock_shared(migration.lock_space('orders'), migration.block(%s))", [last]
        )
        connection.execute("select migration.backfill('orders', %s, 100)", [_LEAST])
        assert copy_left_over(connection, ROW_BY_ROW) == 0
        assert [order for order, _ in _held(connection)] == [first]
        other.rollback()
        take(connection, steps(PROPOSED), "verify")
        assert _held(connection) == []
        assert one(dsn, "select first_ancestor_id from sales.orders where order_id = %s", first) == last
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_one_pass_judges_each_row_in_quarantine_once(dsn: str) -> None:
    """Rows whose faults are gone by a change of another row, whose trigger does not know of them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=120, customers=12, seed=7, defects=0)
        connection.execute("update customers set address_state = 'ZZ'")
        connection.execute("update orders set order_amount = -1 where order_id % 10 = 0 and order_ref = order_id")
        take(connection, steps(PROPOSED), "backfill")
        orders = [order for order, _ in _held(connection)]
        assert len(orders) == 120
        # a batch judges its own rows: the reasons of the others stay as they are
        connection.execute("update migration.quarantined_order set reasons = '{old}'")
        assert connection.execute(
            "select last, tried from migration.copy_next_left_over('orders', %s, 3)", [orders[1]]
        ).fetchone() == (orders[4], 0)
        assert [order for order, reasons in _held(connection) if reasons != ["old"]] == orders[2:5]
        connection.execute("update migration.quarantined_customer set reasons = '{old}'")
        connection.execute("insert into sales.states (state_code, state_name) values ('ZZ', 'Nowhere')")
        assert copy_left_over(connection, MigrationThrottle(batch_size=5)) == 12
        assert {tuple(reasons) for _, reasons in _held(connection)} <= {("orders.amount_is_not_negative",)} | {
            (f"its first ancestor {order} is in quarantine",) for order in orders
        }
        assert 0 < len(_held(connection)) < 120
        assert copy_left_over(connection, MigrationThrottle(batch_size=5)) == 0
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_a_batch_of_them_ends_at_max_lock_wait_and_smaller_ones_follow(sample: str) -> None:
    """One row gets more time with each try, until the command ends with a line on it."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "backfill")
        connection.execute(
            "create table public.slow (seconds float8); insert into public.slow values (0.05);"
            " create table public.took (ms float8);"
            " create function public.slow() returns trigger language plpgsql as $$ begin"
            " perform pg_sleep((select s.seconds from public.slow as s)); insert into public.took"
            " select 1000 * extract(epoch from clock_timestamp() - statement_timestamp()); return new; end $$;"
            " create trigger slow before update on sales.orders for each row execute function public.slow();"
            " alter table orders disable trigger migration_update; update orders set order_amount = order_amount + 1;"
            " alter table orders enable always trigger migration_update;"
            " insert into migration.pending (tab, id) select 'orders', order_id from orders"
        )
        notes: list[tuple[int, int, str]] = []
        assert copy_left_over(connection, MigrationThrottle(max_lock_wait_ms=200), lambda *at: notes.append(at)) == 10
        assert one(sample, "select max(ms) from took") < 210  # the server looks between two rows
        assert one(sample, "select count(*) from took") == 10
        assert (0, 10, "orders that were left for later: try 2 of 120") in notes
        assert (10, 10, "orders that were left for later") in notes
        assert notes[-1] == (10, 10, "tried to copy 10 rows; in quarantine: 0 rows")

        connection.execute("update public.slow set seconds = 0.15; alter table orders disable trigger migration_update")
        connection.execute("update orders set order_amount = order_amount + 1 where order_id = 1001")
        connection.execute("insert into migration.pending (tab, id) values ('orders', 1001)")
        with pytest.raises(
            RunError, match=r"^a batch of orders .* took longer than 80 ms, in the last of 4 tries: .* --max-lock-wait$"
        ):
            copy_left_over(connection, MigrationThrottle(batch_size=1, max_lock_wait_ms=10, max_tries=4))
        assert copy_left_over(connection, MigrationThrottle(batch_size=1, max_lock_wait_ms=50)) == 1
        connection.execute("alter table orders enable always trigger migration_update")
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_a_note_ends_with_a_row_that_is_deleted_or_goes_into_quarantine(dsn: str) -> None:
    """Else no switch would ever be possible: it waits for pending rows."""
    synchronised(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as new:
        roots = [row[0] for row in connection.execute(
            "select order_id from orders as o where order_ref = order_id and order_status <> 'recreated'"
            " and not exists (select from orders as n where n.order_ref = o.order_id and n.order_id <> o.order_id)"
            " order by 1 limit 2"
        )]  # fmt: skip
        customers = [row[0] for row in connection.execute("select customer_id from customers order by 1 desc limit 2")]
        for key, table, ids in (("order_id", "orders", roots), ("customer_id", "customers", customers)):
            new.execute(f"select from sales.{table} where {key} = any(%s) for update".encode(), [ids])
        connection.execute("delete from orders where order_id = %s", [roots[0]])
        connection.execute("update orders set order_amount = -1 where order_id = %s", [roots[1]])
        connection.execute("update customers set customer_name = ' ' where customer_id = any(%s)", [customers])
        assert one(dsn, "select count(*) from migration.pending") == 4
        new.rollback()
        assert copy_left_over(connection, ROW_BY_ROW) == 4
        assert one(dsn, "select count(*) from migration.pending") == 0
        assert one(dsn, "select count(*) from migration.quarantined_customer") == 2
        assert verify(connection, nothing).equal
        assert copy_left_over(connection, ROW_BY_ROW) == 0


def test_a_note_that_comes_while_its_row_is_copied_stays(dsn: str) -> None:
    synchronised(dsn)
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        psycopg.connect(dsn) as copying,
        psycopg.connect(dsn) as holder,
    ):
        order = one(dsn, "select min(order_id) from orders where order_status <> 'recreated'")
        # the copy stops between reading the old row and its end
        connection.execute(
            "create function public.stop() returns trigger language plpgsql as"
            " 'begin perform pg_advisory_xact_lock(1); return null; end'"
        )
        connection.execute(
            "create trigger stop after update on sales.orders for each row execute function public.stop()"
        )
        connection.execute("alter table orders disable trigger migration_update")
        connection.execute("update orders set order_amount = 101 where order_id = %s", [order])
        connection.execute("alter table orders enable always trigger migration_update")
        holder.execute("select pg_advisory_xact_lock(1)")
        later = Later(copying, "select migration.copy_orders_to_new(array[%s]::bigint[])", order)
        connection.execute("update orders set order_amount = 102 where order_id = %s", [order])
        holder.rollback()
        later.end()
        assert later.said is None
        assert one(dsn, "select amount from sales.orders where order_id = %s", order) == 101
        assert one(dsn, "select count(*) from migration.pending") == 1
        connection.execute("drop trigger stop on sales.orders")
        assert copy_left_over(connection, ROW_BY_ROW) == 1
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_a_statement_on_many_rows_does_not_compare_each_with_each(dsn: str) -> None:
    """The fast path joins the rows before and after a statement; from 501 rows on, they are copied as other changes."""
    called = "select coalesce(sum(calls), 0) from pg_stat_user_functions where funcname = 'copy_to_new'"
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=900, customers=600, seed=7, defects=0)
        take(connection, steps(PROPOSED), "backfill")
        connection.execute("set track_functions = 'pl'")
        for most, calls in ((500, 0), (501, 2)):
            before = one(dsn, called)
            connection.execute("update orders set order_amount = order_amount + 1 where order_id <= %s", [most])
            connection.execute(
                "update customers set customer_balance = customer_balance + 1 where customer_id <= 1000 + %s", [most]
            )
            connection.execute("select pg_stat_force_next_flush()")
            connection.execute("select 1")
            assert one(dsn, called) - before == calls
        assert verify(connection, nothing).equal


def test_a_backfill_whose_tries_are_used_up_says_who_and_what_next(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as other:
        generate(connection, orders=30, customers=3, seed=7, defects=0)
        take(connection, steps(PROPOSED), "synchronise")
        other.execute("lock table sales.customers in access exclusive mode")
        throttle = MigrationThrottle(max_tries=2, max_lock_wait_ms=100)
        said = r"^other sessions have locked rows of customers, in 2 tries: .* transaction .* the same command again$"
        with pytest.raises(RunError, match=said):
            run(connection, steps(PROPOSED), "backfill", throttle, start_ignored)
        other.rollback()
        take(connection, steps(PROPOSED), "backfill")
