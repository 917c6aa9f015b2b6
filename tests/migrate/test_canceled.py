"""A statement that an administrator cancels ends the command; rows and tables that stay locked end it, too, in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from order_audit.canceled import CanceledError, is_timeout
from order_audit.errors import RunError
from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate import backfill as copying
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from order_audit.scenario.migrate.waiting import until_locked
from tests.migrate.migrating import migrate
from tests.migrate.steps import nothing, one, take

STEPS = steps(PROPOSED)
#: What an administrator does to the session, at a moment that the test chooses.
CANCEL = "perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(10)"
#: A throttle that gives up at once.
ONCE = MigrationThrottle(batch_size=1, max_tries=2)


@contextmanager
def canceling(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Within it, each statement that changes a table is canceled."""
    connection.execute(
        f"create function canceled() returns trigger language plpgsql as $$ begin {CANCEL}; return null; end $$;"
        f" create trigger canceled before insert or update on {table} for each statement"
        " execute function canceled()".encode()
    )
    yield
    connection.execute("drop function canceled() cascade")


@pytest.mark.both_versions
def test_a_timeout_and_a_cancel_are_told_apart_by_no_message(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for settings, text, expected in (
            ("set statement_timeout = 20", "select pg_sleep(10)", True),
            ("set statement_timeout = 0", f"do $$ begin {CANCEL}; end $$", False),
            ("set statement_timeout = 20000", f"do $$ begin {CANCEL}; end $$", False),
        ):
            connection.execute(settings.encode())
            with pytest.raises(psycopg.errors.QueryCanceled) as canceled, connection.transaction():
                connection.execute(text.encode())
            assert is_timeout(connection, canceled.value) is expected
            with connection.transaction():  # inside of one, too, which goes on
                assert is_timeout(connection, canceled.value) is expected
                assert connection.execute("select 1").fetchone() == (1,)


def test_a_canceled_step_is_not_tried_again(sample: str) -> None:
    """And one that exceeds its own limit is tried three times."""
    tried: list[str] = []
    with psycopg.connect(sample, autocommit=True) as connection:
        for text, error in (
            (f"do $$ begin {CANCEL}; end $$", CanceledError),
            ("begin; set local statement_timeout = 5; select pg_sleep(10); commit", RunError),
        ):
            with pytest.raises(error):
                until_locked(connection, text, MigrationThrottle(), lambda *at: tried.append(at[2]), nothing)
    assert len(tried) == 2


@pytest.mark.parametrize("statement", ["batch", "index"])
def test_a_canceled_backfill_ends_with_the_state_of_things(sample: str, statement: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, STEPS, "synchronise")
        if statement == "batch":
            with canceling(connection, "sales.orders"):
                said = migrate(sample, "run", "--to", "backfill", "--quiet", code=3)
        else:
            connection.execute(
                f"create function canceled() returns event_trigger language plpgsql as $$ begin {CANCEL}; end $$;"
                " create event trigger canceled on ddl_command_start when tag in ('CREATE INDEX')"
                " execute function canceled()".encode()
            )
            said = migrate(sample, "run", "--to", "backfill", "--quiet", code=3)
            connection.execute("drop function canceled() cascade")
        assert said == (
            "order-audit: another session canceled the statement (pg_cancel_backend); finished steps and copied rows"
            " stay: run the command again\n"
        )
        migrate(sample, "run", "--to", "verify", "--quiet")


def test_carried_values_and_the_quarantine_end_by_a_cancel_and_by_locks(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        take(connection, STEPS, "backfill")
        connection.execute("alter table orders add column note text default 'x'")
        with canceling(connection, "sales.orders"), pytest.raises(psycopg.errors.QueryCanceled):
            run(connection, STEPS, "backfill", MigrationThrottle(), start_ignored, [("orders", "note")])
        other.execute("lock table sales.orders in share mode")
        notes: list[str] = []
        with pytest.raises(RunError, match=r"^other sessions have locked rows of orders, in 2 tries: the oldest "):
            copying.carry_values(connection, "orders", ONCE, lambda *at: notes.append(at[2]))
        assert notes == ["rows are locked: try 2 of 2"]
        other.rollback()
        assert copying.carry_values(connection, "orders", ONCE, nothing)
        # a row that waits for the other side, whose new row another session holds
        connection.execute("insert into migration.pending (tab, id) values ('orders', 1001)")
        other.execute("select from sales.orders where order_id = 1001 for update")
        with pytest.raises(
            RunError, match=r"^other sessions have locked 1 row that both sides have written, in 2 tries"
        ):
            copy_left_over(connection, ONCE)
        other.rollback()
        with canceling(connection, "sales.orders"), pytest.raises(CanceledError):
            copy_left_over(connection, ONCE)
        copy_left_over(connection, ONCE)
        assert one(sample, "select count(*) from migration.pending") == 0


def test_no_batch_locks_rows_for_longer_than_max_lock_wait(sample: str) -> None:
    """By the server's clock: those that did are rolled back, and smaller ones follow."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, STEPS, "synchronise")
        connection.execute(
            "create table took (ms float8);"
            " create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.03);"
            " insert into public.took select 1000 * extract(epoch from clock_timestamp() - statement_timestamp());"
            " return new; end $$;"
            " create trigger slow before insert on sales.orders for each row execute function slow()"
        )
        copying.backfill(connection, MigrationThrottle(max_lock_wait_ms=100), nothing)
    assert one(sample, "select max(ms) from took") < 105  # the server looks between two rows
    assert one(sample, "select count(*) from took") == one(sample, "select count(*) from orders")


@pytest.mark.both_versions
def test_rows_that_stay_locked_end_the_backfill_and_are_copied_by_the_next(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        take(connection, STEPS, "synchronise")
        # else the batch waits for the writer that adds a schedule
        connection.execute("select migration.add_schedules(array(select order_id::bigint from orders))")
        other.execute("update orders set order_amount = order_amount + 1 where order_id = 1001")
        notes: list[str] = []
        with pytest.raises(RunError, match=r"^other sessions have locked 1 row of orders, in 2 tries: the oldest "):
            copying.backfill(connection, ONCE, lambda *at: notes.append(at[2]))
        assert "locked: 1 row of orders; pass 2 of 2" in notes
        with pytest.raises(psycopg.errors.LockNotAvailable, match=r"locked rows of orders \(1\), in 2 passes"):
            connection.execute("call migration.backfill_all(500, 2)")
        other.rollback()
        copying.backfill(connection, ONCE, nothing)
        assert verify(connection, nothing).equal
