"""Indexes for old applications: those of the keys, and those that the old tables have."""

from __future__ import annotations

import re

import psycopg
import pytest

from order_audit.errors import RunError
from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.backfill import build_indexes
from order_audit.scenario.migrate.run import run as migrate
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.migrate.steps import Later, nothing, one


@pytest.mark.both_versions
def test_old_applications_find_rows_as_before(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=2_000, customers=200, seed=1, defects=0.0)
        connection.execute("create index on orders (order_ref, order_status)")
        connection.execute("create index on orders (order_amount, customer_id)")
        migrate(connection, steps(PROPOSED), "switch", MigrationThrottle(), start_ignored)
        found = connection.execute(
            "select indexrelname, (select count(*) from pg_stats as s"
            " where s.schemaname = i.schemaname and s.tablename = i.indexrelname)"
            " from pg_stat_user_indexes as i where schemaname = 'sales' and indexrelname ~ '_old_' order by 1"
        ).fetchall()
        # with statistics, without which a query by an expression may read all rows in another order
        assert found == [("customers_old_id", 1), ("orders_old_id", 1), ("orders_old_ref", 1)]
        connection.execute("set enable_seqscan = off")
        plan = "\n".join(line for (line,) in connection.execute("explain select * from orders where order_ref = 5"))
        assert "Index Scan using orders_old_ref" in plan


@pytest.mark.both_versions
def test_a_build_that_waits_names_the_session_and_the_way_out(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the program, and as far as it can by the file alone, before the builds."""
    monkeypatch.setattr("order_audit.fixes.guarding.index_progress._BETWEEN", 0.05)
    monkeypatch.setattr("order_audit.fixes.guarding.index_progress._PATIENCE", 0.1)
    waits: list[str] = []

    def end(note: str) -> None:
        waits.append(note)
        holder.rollback()

    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as holder:
        migrate(connection, steps(PROPOSED), "prepare", MigrationThrottle(), start_ignored)
        warned: list[tuple[str | None, str | None]] = []
        connection.add_notice_handler(lambda it: warned.append((it.message_primary, it.message_hint)))
        # a snapshot that may still have to see what the index will not hold
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select 1")
        pid, user = holder.info.backend_pid, holder.info.user
        began = one(sample, "select xact_start from pg_stat_activity where pid = %s", pid)
        text = one(sample, "select %s::timestamptz::text", began)
        connection.execute("select migration.warn_of_older_transactions()")
        assert warned == []
        connection.execute("select migration.warn_of_older_transactions('0 s')")
        who = f"process {pid} ({user}, idle in transaction)"
        assert [it for it in warned if str(pid) in str(it)] == [
            (
                f"index builds may wait for {who}, whose transaction began {text}",
                f"Wait until it ends, or end it: select pg_terminate_backend({pid})",
            )
        ]
        build_indexes(connection, MigrationThrottle(), nothing, end)
        since = one(sample, "select to_char(%s::timestamptz, 'YYYY-MM-DD HH24:MI:SS TZ')", began)
        assert waits == [
            f"waits for {who}. Its transaction began {since}. Wait until it ends, or end it:"
            f" select pg_terminate_backend({pid})"
        ]
    assert one(sample, "select count(*) from pg_index where not indisvalid") == 0


@pytest.mark.both_versions
def test_a_build_without_a_lock_ends_with_one_line(sample: str) -> None:
    """By deadlocks with a session that waits for a lock of this one: no try gets through."""
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        migrate(connection, steps(PROPOSED), "prepare", MigrationThrottle(), start_ignored)
        connection.execute("set deadlock_timeout = '10ms'; select pg_advisory_lock(1)")
        other.execute("set deadlock_timeout = '1min'; lock table sales.orders in share mode")
        later = Later(other, "select pg_advisory_xact_lock(1)")
        with pytest.raises(RunError) as raised:
            build_indexes(connection, MigrationThrottle(max_tries=2), nothing)
        assert re.fullmatch(
            r"no lock for an index build in 2 tries \(create index concurrently if not exists orders_schedule_id on"
            rf" sales.orders \(schedule_id\)\): the oldest transaction with a lock on these tables is that of process"
            rf" {other.info.backend_pid} .*\. Copied rows and finished indexes stay\. Wait until that session ends, or"
            r" end it, and run the same command again",
            str(raised.value),
        )
        connection.execute("select pg_advisory_unlock(1)")
        later.join()
        other.rollback()
        build_indexes(connection, MigrationThrottle(max_tries=2), nothing)
    assert one(sample, "select count(*) from pg_index where not indisvalid") == 0


@pytest.mark.both_versions
def test_only_leftovers_of_its_own_builds_are_dropped(sample: str) -> None:
    own = ("orders_schedule_id", "orders_old_id", "orders_old_ref", "orders_lineage_ccnew", "orders_lineage_ccold1")
    with psycopg.connect(sample, autocommit=True) as connection:
        migrate(connection, steps(PROPOSED), "prepare", MigrationThrottle(), start_ignored)
        for name in (*own, "orders_by_amount"):
            connection.execute(f"create index {name} on sales.orders (amount)".encode())
        connection.execute(
            "update pg_index set indisvalid = false where indrelid = 'sales.orders'::regclass"
            " and indexrelid::regclass::text = any(%s)",
            [[f"sales.{name}" for name in (*own, "orders_by_amount")]],
        )
        drops = connection.execute("select * from migration.drops_of_invalid_indexes()").fetchall()
    assert [drop for (drop,) in drops] == [f"drop index concurrently sales.{name}" for name in sorted(own)]


def test_a_new_delivery_does_not_read_all_of_its_script(dsn: str) -> None:
    """Whatever statistics say: even where the index of the script is the only one, it is not read."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=2_000, customers=200, seed=1, defects=0.0)
        migrate(connection, steps(PROPOSED), "verify", MigrationThrottle(), start_ignored)
        customer = one(dsn, "select min(customer_id) from sales.deliveries")
        connection.execute("select pg_stat_reset()")
        with connection.transaction(force_rollback=True):
            connection.execute("set local enable_seqscan = off")
            connection.execute(
                "update pg_index set indisvalid = false where indrelid = 'sales.deliveries'::regclass"
                " and indexrelid <> 'sales.deliveries_script'::regclass"
            )
            for number in range(3):
                connection.execute(
                    "select sales.delivery(%s, 'bulk_delivery', %s::jsonb),"
                    " sales_old.delivery(%s, 'bulk_delivery', %s::json, true),"
                    " sales_old.delivery(%s, 'bulk_delivery', %s::json, true)",
                    [customer, f'{{"batch": {number}}}', *[customer, f'{{"part": {number}}}'] * 2],
                )
        connection.execute("select pg_stat_force_next_flush()")
    assert one(dsn, "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'deliveries_script'") == 0
