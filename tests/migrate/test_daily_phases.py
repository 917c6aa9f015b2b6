"""The daily recreation by the jobs of both sides, in each phase of the migration."""

from __future__ import annotations

import threading

import psycopg
import pytest
from psycopg import errors

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import nothing, one, take

#: What the job of today does, in one transaction. It knows no day.
OLD_JOB = """
insert into orders (order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
  order_status)
select o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args, o.order_amount,
  o.order_status
from orders as o join customers as c on c.customer_id = o.customer_id
where o.order_status in ('pending', 'active', 'paused') and c.customer_balance > o.order_amount
  and not exists (select from orders as later where later.order_ref = o.order_ref and later.order_id > o.order_id);
update orders as o set order_status = 'recreated'
where o.order_status in ('pending', 'active', 'paused')
  and exists (select from orders as later where later.order_ref = o.order_ref and later.order_id > o.order_id)
"""
PHASES = ["backfill", "switch", CONTRACT]


def _ready(dsn: str, phase: str) -> int:
    """Take the steps up to a phase; return how many orders are due."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        # an old lineage with two live orders, of which only the last is due
        connection.execute("update orders set order_status = 'recreated' where order_id = 1001")
        take(connection, steps(PROPOSED), phase)
    return int(one(dsn, "select count(*) from sales.orders_due"))


def _recreated(dsn: str) -> int:
    """Count today's recreations, each of another lineage and of another predecessor."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*), count(distinct first_ancestor_id), count(distinct predecessor_id) from sales.recreations"
        ).fetchone()
    assert row is not None
    assert row[0] == row[1] == row[2]
    return int(row[0])


def _equal(dsn: str, phase: str) -> None:
    if phase != CONTRACT:
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert verify(connection, nothing).equal


@pytest.mark.parametrize("phase", PHASES)
def test_a_second_job_of_the_day_changes_nothing(sample: str, phase: str) -> None:
    """The new job leaves what the old one has recreated. What the old one recreates again waits in quarantine."""
    due = _ready(sample, phase)
    assert due
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(OLD_JOB)
        assert _recreated(sample) == due
        for _ in range(2):
            connection.execute("call sales.recreate_due()")
            assert _recreated(sample) == due
        _equal(sample, phase)
        if phase == CONTRACT:
            with pytest.raises(errors.UniqueViolation, match="recreations_once_a_day"):
                connection.execute(OLD_JOB)
        else:
            connection.execute(OLD_JOB)
            reasons = connection.execute("select distinct reasons from migration.quarantined_order").fetchall()
            assert reasons == [(["recreation.happens_once_a_day"],)]
            held = connection.execute("select count(*) from migration.quarantined_order").fetchone()
            assert held == (due,)
        assert _recreated(sample) == due
        _equal(sample, phase)
        # an order above the next number: the remedy names the sequence of this phase
        connection.execute("alter sequence orders_order_id_seq rename to numbers")
        connection.execute("insert into sales.orders (order_id, customer_id, amount) values (50000, 1, 1)")
        with pytest.raises(errors.RaiseException, match=r"select setval\('public\.numbers', "):
            connection.execute("call sales.recreate_due()")


@pytest.mark.parametrize("phase", PHASES)
def test_jobs_of_both_sides_at_once_do_not_deadlock(sample: str, phase: str) -> None:
    """Old jobs keep all their locks until the end, customers in descending order; the new one keeps one customer's."""
    due = _ready(sample, phase)
    failed: list[psycopg.Error] = []
    gate = threading.Barrier(3)

    def old() -> None:
        with psycopg.connect(sample) as session:
            gate.wait()
            for (customer,) in session.execute("select customer_id from customers order by 1 desc").fetchall():
                session.execute("select from customers where customer_id = %s for update", [customer])
            session.execute(OLD_JOB)

    def new() -> None:
        with psycopg.connect(sample, autocommit=True) as session:
            gate.wait()
            session.execute("call sales.recreate_due()")

    def watched(job: object) -> None:
        try:
            job()  # type: ignore[operator]
        except psycopg.Error as error:
            failed.append(error)

    sessions = [threading.Thread(target=watched, args=[job]) for job in (old, new, new)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    # after the contract, the old job may be too late, and is told so
    assert [it for it in failed if not (phase == CONTRACT and isinstance(it, errors.UniqueViolation))] == []
    assert _recreated(sample) == due
    _equal(sample, phase)


def test_an_old_job_before_the_backfill_is_copied(sample: str) -> None:
    """First ancestors that are not copied yet send its orders to quarantine, and the backfill lets them out."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "synchronise")
        before = one(sample, "select count(*) from orders")
        connection.execute(OLD_JOB)
        assert one(sample, "select count(*) from orders") > before
        take(connection, steps(PROPOSED), "backfill")
        assert one(sample, "select count(*) from migration.quarantined_order") == 0
        # they have no record, so that no day is invented
        assert _recreated(sample) == 0
        _equal(sample, "backfill")


def test_an_order_between_two_others_comes_back_to_its_place(sample: str) -> None:
    """It leaves for quarantine, its successor follows its predecessor, and it returns between them."""
    _ready(sample, "backfill")
    chain = "select array_agg(predecessor_id order by order_id) from sales.recreations where first_ancestor_id = %s"
    with psycopg.connect(sample, autocommit=True) as connection:
        root = one(sample, "select min(order_id) from sales.orders_due where first_ancestor_id = order_id")
        first = one(sample, "select sales.recreate(%s)", root)
        with connection.transaction():
            connection.execute("set local sales.correcting = 'on'")
            connection.execute(
                "update sales.recreations"
                " set business_day = business_day - 1, created_at = created_at - interval '1 day'"
            )
        second = one(sample, "select sales.recreate(%s)", first)
        assert one(sample, chain, root) == [root, first]
        connection.execute("update orders set order_amount = -1 where order_id = %s", [first])
        assert one(sample, chain, root) == [root]
        connection.execute("update orders set order_amount = 1 where order_id = %s", [first])
        assert one(sample, chain, root) == [root, first]
        # the record has the amount at creation
        assert one(sample, "select count(*) from sales.recreations where amount = 1") == 0
        assert one(sample, "select origin from sales.orders where order_id = %s", first) == "application"
        # moved to another lineage by an old application, and deleted by one
        connection.execute("update orders set order_ref = order_id where order_id = %s", [first])
        assert one(sample, chain, root) == [root]
        connection.execute("delete from orders where order_id = %s", [second])
        assert one(sample, chain, root) is None
        assert verify(connection, nothing).equal


def test_an_order_before_its_first_ancestor_is_no_recreation(sample: str) -> None:
    """An old application chose a smaller number: there is no predecessor to record."""
    _ready(sample, "backfill")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("insert into orders (order_id, order_ref, customer_id) values (5, 1001, 1)")
        found = connection.execute("select origin, created_at from sales.orders where order_id = 5").fetchone()
        assert found == ("migrated", None)
        assert verify(connection, nothing).equal
