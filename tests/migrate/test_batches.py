"""A batch of the backfill locks no old row: writers of its rows wait for it, and those of others do not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.backfill import backfill
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import Later, nothing, one, take

STEPS = steps(PROPOSED)
#: The next 500 orders, in a transaction that stays open.
BATCH = "select taken, held from migration.backfill('orders', 0, 500)"
#: Writes of old applications to a row that the batch copies: the last order of its lineage.
WRITES = {
    "delete": "delete from orders where order_id = %s",
    "update": "update orders set order_amount = order_amount + 1, order_status = 'cancelled' where order_id = %s",
    "another number": "update orders set order_id = order_id + 1000000, order_ref = order_ref + 1000000"
    " where order_id = %s",
    "quarantine": "update orders set order_amount = -1 where order_id = %s",
}


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    """3,000 orders on both sides of synchronise, whose customers are copied."""
    with psycopg.connect(dsn, autocommit=True) as session:
        generate(session, orders=3_000, customers=300, seed=7, defects=0)
        take(session, STEPS, "synchronise")
        session.execute("select migration.backfill('customers', 0, 1000)")
        # shared by rows of all blocks: a writer would wait for the batch that is adding them
        session.execute("select migration.add_schedules(array(select order_id::bigint from orders))")
        yield session


def alone(connection: psycopg.Connection) -> int:
    """An order among the first 500 that is a lineage of its own."""
    row = connection.execute(
        "select max(o.order_id) from orders as o where o.order_id <= 500 and o.order_ref = o.order_id"
        " and not exists (select from orders as n where n.order_ref = o.order_id and n.order_id <> o.order_id)"
    ).fetchone()
    assert row
    return int(row[0])


@pytest.mark.both_versions
def test_the_backfill_leaves_no_lock_on_an_old_row(dsn: str, connection: psycopg.Connection) -> None:
    backfill(connection, MigrationThrottle(), nothing)
    for table in ("customers", "orders"):
        assert one(dsn, f"select count(*) from {table} where xmax <> 0") == 0


@pytest.mark.both_versions
@pytest.mark.parametrize("write", WRITES)
def test_a_writer_waits_for_the_batch_that_has_its_row(dsn: str, connection: psycopg.Connection, write: str) -> None:
    order = alone(connection)
    with psycopg.connect(dsn) as copying, psycopg.connect(dsn) as writer:
        assert copying.execute(BATCH).fetchone() == (500, 0)
        later = Later(writer, WRITES[write], order)
        assert later.is_alive()
        # in another block, and new ones
        connection.execute("set lock_timeout = '1s'; update orders set order_amount = 1 where order_id = 2999")
        connection.execute(
            "insert into orders (order_ref, customer_id, order_schedule, order_amount, order_status)"
            " select currval('orders_order_id_seq'), customer_id, order_schedule, 5, 'paused' from orders limit 2"
        )
        copying.commit()
        later.end()
        assert later.said is None
    backfill(connection, MigrationThrottle(), nothing)
    assert verify(connection, nothing).equal


@pytest.mark.both_versions
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_batch_leaves_a_row_to_the_writer_that_is_first(
    dsn: str, connection: psycopg.Connection, write: str, end: str
) -> None:
    order = alone(connection)
    with psycopg.connect(dsn) as copying, psycopg.connect(dsn) as writer:
        writer.execute(WRITES[write].encode(), [order])
        assert copying.execute(BATCH).fetchone() == (499, 1)
        copying.commit()
        getattr(writer, end)()
    backfill(connection, MigrationThrottle(), nothing)
    assert verify(connection, nothing).equal


@pytest.mark.both_versions
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_a_writer_with_an_older_snapshot_leaves_no_former_copy(
    dsn: str, connection: psycopg.Connection, write: str, isolation: str
) -> None:
    order = alone(connection)
    with psycopg.connect(dsn) as writer:
        writer.execute(f"set transaction isolation level {isolation}".encode())
        writer.execute("select count(*) from orders")
        assert connection.execute(BATCH).fetchone() == (500, 0)
        writer.execute(WRITES[write].encode(), [order])
        writer.commit()
    backfill(connection, MigrationThrottle(), nothing)
    assert verify(connection, nothing).equal


@pytest.mark.both_versions
@pytest.mark.parametrize("write", ["delete from customers", "update customers set customer_email = 'none'"])
def test_a_writer_with_an_older_snapshot_leaves_no_former_customer(dsn: str, write: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as writer:
        generate(connection, orders=300, customers=30, seed=7, defects=0)
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state) values (7, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA')"
        )
        take(connection, STEPS, "synchronise")
        writer.execute("set transaction isolation level repeatable read")
        writer.execute("select count(*) from customers")
        connection.execute("select migration.backfill('customers', 0, 10)")
        writer.execute(f"{write} where customer_id = 7".encode())
        writer.commit()
        connection.execute("call migration.backfill_all()")
        assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_a_writer_fails_whose_snapshot_shows_a_row_in_quarantine_that_was_admitted_since(
    dsn: str, connection: psycopg.Connection
) -> None:
    order = alone(connection)
    address = (
        "update customers set customer_email = %s"
        " where customer_id = (select customer_id from orders where order_id = %s)"
    )
    former = one(dsn, "select customer_email from customers join orders using (customer_id) where order_id = %s", order)
    backfill(connection, MigrationThrottle(), nothing)
    connection.execute(address, ["none", order])
    with psycopg.connect(dsn) as writer:
        writer.execute("set transaction isolation level repeatable read")
        assert writer.execute("select count(*) from orders").fetchone() == (3_000,)
        connection.execute(address, [former, order])
        with pytest.raises(errors.SerializationFailure):
            writer.execute(WRITES["quarantine"].encode(), [order])
    assert verify(connection, nothing).equal


@pytest.mark.both_versions
def test_a_writer_with_its_own_snapshot_sees_its_new_number_after_the_switch(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as writer:
        generate(connection, orders=30, customers=3, seed=7, defects=0)
        take(connection, STEPS, "switch")
        order = alone(connection)
        writer.execute("set transaction isolation level repeatable read")
        writer.execute(WRITES["another number"].encode(), [order])
        assert writer.execute("select count(*) from orders where order_id = %s", [order + 1_000_000]).fetchone() == (1,)
        writer.commit()
        assert verify(connection, nothing).equal


def test_a_row_that_is_only_locked_is_copied(dsn: str, connection: psycopg.Connection) -> None:
    with psycopg.connect(dsn) as copying, psycopg.connect(dsn) as holder:
        order = alone(connection)
        holder.execute("select from orders where order_id = %s for update", [order])
        assert copying.execute(BATCH).fetchone() == (500, 0)
        copying.commit()
        holder.execute("update orders set order_amount = order_amount + 1 where order_id = %s", [order])
        holder.commit()
    backfill(connection, MigrationThrottle(), nothing)
    assert verify(connection, nothing).equal


def test_a_batch_needs_read_committed(connection: psycopg.Connection) -> None:
    connection.execute("set default_transaction_isolation = 'repeatable read'")
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="a batch needs the isolation level read committed"):
        connection.execute(BATCH)


def test_a_transaction_has_a_bounded_number_of_locks(dsn: str, connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into orders (order_id, order_ref, customer_id, order_schedule, order_amount, order_status)"
        " select 1024 * n, 1024 * n, o.customer_id, o.order_schedule, 5, 'paused'"
        " from generate_series(3, 1500) as n, (select * from orders limit 1) as o"
    )
    with psycopg.connect(dsn) as writer:
        writer.execute("delete from orders where order_id > 3000")
        locks = "select count(*) from pg_locks where locktype = 'advisory' and pid = %s"
        assert one(dsn, locks, writer.info.backend_pid) == 1024
        writer.rollback()
