"""The daily recreation: by the schema's constraints, and by its job."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import steps
from tests.migrate.steps import Later, one

#: Balance 100: customer 1 has an order of 10 and one of 100, customer 2 two of 60, customer 3 ended ones.
WORLD = """
insert into sales.customers (customer_id, name) values (1, 'Acme'), (2, 'Birch'), (3, 'Cedar');
insert into sales.ledger_entries (customer_id, amount) values (1, 100), (2, 100), (3, 100);
insert into sales.orders (order_id, customer_id, amount, order_status) values
  (1, 1, 10, 'pending'), (2, 1, 100, 'pending'), (3, 2, 60, 'paused'), (4, 2, 60, 'pending'),
  (5, 3, 5, 'cancelled'), (6, 3, 5, 'expired');
"""
DUE = [1, 3, 4]


@pytest.fixture
def world(schema: str) -> str:
    """The proposed schema with three customers, beside the empty tables of the current one."""
    with psycopg.connect(schema, autocommit=True) as connection:
        connection.execute(steps(PROPOSED)[0].deploy.encode())
        connection.execute(WORLD.encode())
        connection.execute("alter table sales.orders alter order_id restart with 1000")
    return schema


@pytest.fixture
def connection(world: str) -> Iterator[psycopg.Connection]:
    """A session that commits each statement."""
    with psycopg.connect(world, autocommit=True) as session:
        yield session


def made(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Predecessor and day of each recreation."""
    return connection.execute(
        "select predecessor_id, business_day - sales.business_day(now()) from sales.recreations order by order_id"
    ).fetchall()


def run(connection: psycopg.Connection, day: int = 0) -> None:
    """Run the job for a business day, counted from today."""
    connection.execute("call sales.recreate_due(sales.business_day(now()) + %s)", [day])


def pass_a_day(connection: psycopg.Connection) -> None:
    """Make all records a day older, as the owner can."""
    with connection.transaction():
        connection.execute("set local sales.correcting = 'on'")
        connection.execute(
            "update sales.recreations set business_day = business_day - 1, created_at = created_at - interval '1 day'"
        )


@pytest.mark.both_versions
def test_the_job_recreates_each_due_order_once_a_day(connection: psycopg.Connection) -> None:
    for _ in range(3):
        run(connection)
        # 2 equals the balance, which is not enough; 3 and 4 share a balance, which nothing reserves
        assert made(connection) == [(order, 0) for order in DUE]
    found = connection.execute("select array_agg(order_id order by order_id) from sales.orders_due").fetchone()
    assert found == ([1000, 1001, 1002],)
    connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 0.01)")
    run(connection)
    assert made(connection)[3:] == [(2, 0)]
    record = connection.execute("select entry_number, balance, amount from sales.recreations where predecessor_id = 2")
    assert [*map(str, record.fetchone() or ())] == ["2", "100.01", "100.00"]


def test_the_next_day_goes_on_with_the_successors(connection: psycopg.Connection) -> None:
    run(connection)
    pass_a_day(connection)
    connection.execute("update sales.orders set order_status = 'cancelled' where order_id = 1001")
    connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, -95)")
    for _ in range(2):
        run(connection)
        assert made(connection) == [(1, -1), (3, -1), (4, -1), (1002, 0)]


def test_a_run_across_midnight_is_of_the_day_that_it_is_for(connection: psycopg.Connection) -> None:
    """Customers after midnight are recreated for the day before, and once more for the new day."""
    connection.execute("select sales.recreate_for_customer(1, sales.business_day(now()) - 1)")
    run(connection, -1)
    assert made(connection) == [(order, -1) for order in DUE]
    for _ in range(2):
        run(connection)
    assert made(connection) == [(1, -1), (3, -1), (4, -1), (1000, 0), (1001, 0), (1002, 0)]
    # late: its day has passed
    run(connection, -1)
    assert len(made(connection)) == 6


@pytest.mark.parametrize("day", [-2, 1, None])
def test_other_days_are_refused(connection: psycopg.Connection, day: int | None) -> None:
    with pytest.raises(errors.InvalidParameterValue, match="neither the present business day nor the one before"):
        connection.execute("call sales.recreate_due(sales.business_day(now()) + %s::integer)", [day])
    assert made(connection) == []


def test_a_day_begins_at_midnight_in_new_york(connection: psycopg.Connection) -> None:
    """Also on days of 23 and 25 hours, whatever the zone of the session."""
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        connection.execute(f"set time zone '{zone}'".encode())
        for day, hours, begins in ((date(2026, 3, 8), 23, 5), (date(2026, 3, 9), 24, 4), (date(2026, 11, 1), 25, 4)):
            first = datetime(day.year, day.month, day.day, begins, tzinfo=UTC)
            moments = (-1, 0, hours * 3600 - 1, hours * 3600)
            found = [
                connection.execute("select sales.business_day(%s)", [first + timedelta(seconds=it)]).fetchone()
                for it in moments
            ]
            one_day = timedelta(days=1)
            assert found == [(day - one_day,), (day,), (day,), (day + one_day,)]


def test_three_runs_at_once_recreate_once(world: str, connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into sales.orders (customer_id, amount) select 1 + n % 3, 1 from generate_series(1, 60) as n"
    )
    failed: list[BaseException] = []
    gate = threading.Barrier(3)

    def go() -> None:
        try:
            with psycopg.connect(world, autocommit=True) as session:
                gate.wait()
                run(session)
        except psycopg.Error as error:
            failed.append(error)

    sessions = [threading.Thread(target=go) for _ in range(3)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert failed == []
    assert len(made(connection)) == 63
    assert one(world, "select count(distinct first_ancestor_id) from sales.recreations") == 63


def test_a_killed_run_is_finished_by_the_next(world: str, connection: psycopg.Connection) -> None:
    """It has committed the customers before the one that it waits for."""
    with psycopg.connect(world) as holder, psycopg.connect(world, autocommit=True) as killed:
        holder.execute("select from sales.customers where customer_id = 2 for update")
        later = Later(killed, "call sales.recreate_due()")
        assert made(connection) == [(1, 0)]
        connection.execute("select pg_terminate_backend(%s)", [killed.info.backend_pid])
        later.join()
        assert later.said is not None
    assert made(connection) == [(1, 0)]
    run(connection)
    assert made(connection) == [(order, 0) for order in DUE]


def test_a_failure_skips_its_customer_and_is_reported(connection: psycopg.Connection) -> None:
    connection.execute(
        "alter table sales.orders add constraint odd check (order_status <> 'recreated' or customer_id <> 1)"
    )
    with pytest.raises(errors.RaiseException, match=r"orders of 1 of 2 customers were not recreated; .*odd") as raised:
        run(connection)
    assert raised.value.diag.message_hint == "the others are committed: run it again"
    assert made(connection) == [(3, 0), (4, 0)]
    connection.execute("alter table sales.orders drop constraint odd")
    run(connection)
    assert sorted(made(connection)) == [(order, 0) for order in DUE]


@pytest.mark.both_versions
def test_a_customer_that_another_session_holds_is_skipped(world: str, connection: psycopg.Connection) -> None:
    """The limit counts for each customer, and is the caller's own where that has one."""
    (text,) = connection.execute("select pg_get_functiondef('sales.recreate_due'::regproc)").fetchone() or ("",)
    assert "'1min'" in text
    connection.execute(text.replace("'1min'", "'200ms'").encode())
    connection.execute("set statement_timeout = '20s'")
    with psycopg.connect(world) as other:
        other.execute("select from sales.customers where customer_id = 1 for update")
        for own in ("0", "300ms"):
            connection.execute(f"set lock_timeout = '{own}'".encode())
            with pytest.raises(errors.RaiseException, match=r"of 1 of \d customers were not recreated.* lock timeout"):
                run(connection)
            assert connection.execute("show lock_timeout").fetchone() == (own,)
            assert made(connection) == [(order, 0) for order in DUE if order != 1]
    run(connection)
    assert sorted(made(connection)) == [(order, 0) for order in DUE]


def deadlock(holder: psycopg.Connection, watcher: psycopg.Connection, job: int, times: int) -> None:
    """Deadlock with the job this many times: it has customer 1, the holder order 1. The server ends the job's try."""
    for _ in range(times):
        # the job has the customer, and waits for the order
        holders = "select %s = any(pg_blocking_pids(%s))"
        while watcher.execute(holders, [holder.info.backend_pid, job]).fetchone() != (True,):
            time.sleep(0.01)
        with holder.transaction(force_rollback=True):
            holder.execute("select from sales.customers where customer_id = 1 for update")


@pytest.mark.both_versions
@pytest.mark.parametrize(("times", "isolation"), [(2, "read committed"), (1, "repeatable read"), (3, "read committed")])
def test_a_deadlock_is_tried_again_three_times_in_all(
    world: str, connection: psycopg.Connection, times: int, isolation: str
) -> None:
    with psycopg.connect(world) as holder, psycopg.connect(world, autocommit=True) as working:
        working.execute("set deadlock_timeout = '500ms'")  # the holder waits by then
        working.execute(f"set default_transaction_isolation = '{isolation}'".encode())
        holder.execute("set deadlock_timeout = '1min'; update sales.orders set amount = 11 where order_id = 1")
        later = Later(working, "call sales.recreate_due()")
        deadlock(holder, connection, working.info.backend_pid, times)
        holder.commit()
        later.join()
    if times < 3:
        assert later.said is None
        assert sorted(made(connection)) == [(order, 0) for order in DUE]
        assert connection.execute("select amount from sales.recreations where predecessor_id = 1").fetchone() == (11,)
    else:
        assert "the orders of 1 of 2 customers were not recreated; the last error: deadlock detected" in str(later.said)
        assert made(connection) == [(order, 0) for order in DUE if order != 1]


@pytest.mark.both_versions
def test_a_concurrent_change_is_tried_again_with_a_new_snapshot(world: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(world) as holder, psycopg.connect(world, autocommit=True) as working:
        working.execute("set default_transaction_isolation = 'repeatable read'")
        holder.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 0.01)")
        later = Later(working, "call sales.recreate_due()")
        holder.commit()
        later.join()
    assert later.said is None
    assert sorted(made(connection)) == [(order, 0) for order in [DUE[0], 2, *DUE[1:]]]


def test_an_order_above_the_next_number_is_named_with_the_remedy(connection: psycopg.Connection) -> None:
    connection.execute("insert into sales.orders (order_id, customer_id, amount) values (5000, 2, 1)")
    remedy = r"last error: order 5000 was inserted with a number above the next one.* continue after it: (select .*\))"
    with pytest.raises(errors.RaiseException, match=remedy) as raised:
        run(connection)
    found = re.search(remedy, str(raised.value))
    assert found
    connection.execute(found[1].encode())
    run(connection)
    assert sorted(made(connection)) == [(order, 0) for order in [*DUE, 5000]]


@pytest.mark.both_versions
def test_an_application_only_adds_records(connection: psycopg.Connection) -> None:
    """Even with all privileges on the tables, and with the setting of the owner's functions."""
    run(connection)
    connection.execute(
        "create role clerk; grant usage on schema sales to clerk; grant all on all tables in schema sales to clerk;"
        "grant execute on procedure sales.recreate_due to clerk;"
        "grant execute on function sales.recreate_for_customer to clerk"
    )
    try:
        connection.execute("set role clerk")
        for setting in ("", "on"):
            connection.execute("select set_config('sales.correcting', %s, false)", [setting])
            for table, change in (
                ("ledger_entries", "reason = 'other', created_at = null"),
                ("recreations", "balance = balance + 1"),
                ("order_status_changes", "created_at = now()"),
            ):
                for statement in (f"update sales.{table} set {change}", f"delete from sales.{table}"):
                    with pytest.raises(errors.RestrictViolation, match=f"rows of sales.{table} cannot be changed"):
                        connection.execute(statement.encode())
            with pytest.raises(errors.RestrictViolation, match="cannot be changed or deleted"):
                connection.execute("truncate sales.order_status_changes")
            with pytest.raises(errors.RestrictViolation, match="are written by the database"), connection.transaction():
                # by a trigger of its own
                connection.execute(
                    "create temporary table own (order_id bigint);"
                    "create function pg_temp.forge() returns trigger language plpgsql as $f$ begin"
                    " insert into sales.order_status_changes values (new.order_id, 9, 'active', 'paused');"
                    " return null; end $f$;"
                    "create trigger forge after insert on own for each row execute function pg_temp.forge();"
                    "insert into own select min(order_id) from sales.orders"
                )
            with pytest.raises(errors.RestrictViolation, match="are written by the database"):
                connection.execute("insert into sales.order_status_changes values (5, 1, 'active', 'paused')")
            with pytest.raises(errors.CheckViolation, match="set by the database"):
                connection.execute(
                    "insert into sales.orders (customer_id, first_ancestor_id, amount, origin, created_at)"
                    " values (1, 1, 5, 'migrated', null)"
                )
        # a correction is a new row, and the job needs nothing else
        connection.execute("insert into sales.ledger_entries (customer_id, amount, reason) values (1, 5, 'correction')")
        run(connection)
        assert made(connection)[3:] == [(2, 0)]
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by clerk; drop role clerk")


@pytest.mark.both_versions
def test_a_correction_keeps_lineages_connected(connection: psycopg.Connection) -> None:
    """The owner deletes an order: its successor follows the order before it."""
    run(connection)
    pass_a_day(connection)
    run(connection)
    before = connection.execute("select predecessor_id from sales.recreations where order_id = 1003").fetchone()
    assert before == (1000,)
    connection.execute("select sales_private.erase_orders(array[1000::bigint])")
    after = connection.execute("select predecessor_id from sales.recreations where order_id = 1003").fetchone()
    assert after == (1,)
    found = connection.execute("select order_id from sales.orders where first_ancestor_id = 1 order by 1").fetchall()
    assert found == [(1,), (1003,)]
