"""What `migrate plan` says that the migration takes is what it then takes."""

from __future__ import annotations

import re
import subprocess

import psycopg
import pytest

from order_audit import session
from order_audit.audit.cli.dependents_text import capacity_text
from order_audit.audit.database.server import Server
from order_audit.progress import ignore_progress, start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.backfill import COMPRESSION
from order_audit.scenario.migrate.capacity import Capacity, log_position, measure
from order_audit.scenario.migrate.quarantine import dry_run
from order_audit.scenario.migrate.run import run as migrate
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle

STEPS = steps(PROPOSED)


@pytest.mark.both_versions
def test_the_dry_run_measures_what_the_steps_take(dsn: str, server: Server) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=3_000, customers=300, seed=1, defects=0.0)
        _, _, foreseen = dry_run(connection, STEPS, ignore_progress)
        assert foreseen.copied == 3_300
        assert foreseen.seconds.keys() == {"backfill", "verify"}

        began_at = log_position(connection)
        migrate(connection, STEPS, "backfill", MigrationThrottle(), start_ignored)
        assert saved_by_compression(connection, server, began_at) > 50_000
        taken = Capacity(copied=3_300)
        with connection.transaction(force_rollback=True):
            connection.execute("drop index sales.orders_old_id")
            connection.execute("drop index sales.customers_old_id")
            connection.execute("set local track_functions = 'all'")
            measure(connection, taken, began_at)
            # verify calls this at the end of each table
            calls = "select calls from pg_stat_xact_user_functions where funcname = 'differing_carried'"
            assert session.scalar(connection, calls) == 2
        # lines of all rows would not fit into memory, nor on the disk
        logged: list[str | None] = []
        connection.add_notice_handler(lambda notice: logged.append(notice.message_primary))
        with connection.transaction(force_rollback=True):
            connection.execute("set local work_mem = '64kB'; set local log_temp_files = 0")
            connection.execute("set local client_min_messages = 'log'")
            connection.execute("select count(distinct r.line) from (select o::text as line from orders as o) as r")
            assert len(logged) == 1
            assert connection.execute("select * from migration.differing_ranges('orders', 1000)").fetchall() == []
            assert len(logged) == 1
        # batches, and not the whole table at once
        assert taken.old == foreseen.old
        assert abs(taken.new - foreseen.new) < 0.15 * taken.new
        assert 0.7 < foreseen.log / taken.log < 1.3

        # the nightly job reads live orders, and not all of them
        connection.execute("analyze sales.orders")
        for query in ("select distinct customer_id from sales.orders_due", "select from sales.orders_due"):
            plan = "\n".join(line for (line,) in connection.execute(f"explain {query}".encode()))
            assert "orders_live" in plan
            assert "Seq Scan on orders" not in plan


def saved_by_compression(connection: psycopg.Connection, server: Server, since: str) -> int:
    """The bytes that compression of whole pages has spared the write-ahead log since a position of it."""
    folder = session.scalar(connection, "show data_directory")
    until = session.scalar(connection, "select pg_current_wal_flush_lsn()")
    said = subprocess.run(
        [server.bin / "pg_waldump", "-b", "-p", f"{folder}/pg_wal", "-s", since, "-e", until],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sum(map(int, re.findall(r"compression saved: (\d+)", said)))


@pytest.mark.both_versions
def test_whole_pages_are_logged_compressed_if_the_role_may(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        wanted = session.scalar(connection, COMPRESSION)
        connection.execute(f"set local wal_compression = {wanted}".encode())
        assert session.scalar(connection, COMPRESSION) is None
        connection.rollback()
        connection.execute("set role pg_monitor")
        assert session.scalar(connection, COMPRESSION) is None


def test_what_is_printed() -> None:
    text = capacity_text(Capacity(1_100, 1_048_576, 2_097_152, 5_242_880, {"backfill": 300.0, "verify": 0.4}))
    assert "copied 1,100 rows" in text
    assert "disk: 2.0 MB for the new tables, besides 1.0 MB of the old ones (2.0 times as much)" in text
    assert "write-ahead log: 5.0 MB (5.0 times as much)" in text
    assert "backfill: 5 minutes" in text
    assert "verify: less than a second, and again in contract" in text
