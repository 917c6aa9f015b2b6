"""The monitoring queries: silent in every phase of a sound migration, and each raised by its fault."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from order_audit.audit.analysis.reach import REACHES
from order_audit.audit.cli.migrate_connection import connected
from order_audit.audit.database.server import Server
from order_audit.errors import RefusalError
from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle, wait_for_others
from tests.migrate.monitoring import FILE, Alert, alerts, raised
from tests.migrate.steps import nothing, take
from tests.support import servers
from tests.support.clients import PSQL, environment

STEPS = steps(PROPOSED)
ALERTS = {alert.name: alert for alert in alerts()}
BY_STATEMENTS = {
    "figures_are_hidden": "create role blind; set local role blind",
    "trigger_is_disabled": "alter table public.orders disable trigger migration_update",
    "sequence_ends": "select setval('public.orders_order_id_seq', 2000000000)",
    # above what the fault before leaves, because no sequence is rolled back
    "sequence_is_behind": "insert into public.orders (order_id, order_ref, customer_id, order_amount)"
    " values (2100000000, 2100000000, 1, 5);"
    " insert into sales.contacts (contact_id, customer_id, name, email, is_main)"
    " values (1000, 1, 'N', 'n@example.com', false)",
    "secrets_are_readable": "grant select on sales_private.secrets to public",
    # as after contract
    "job_is_late": "alter table public.orders set schema migration; alter schema migration rename to dropped",
    "job_is_late_after_switch": "insert into migration.step (name, done_at)"
    " values ('switch', now() - interval '1 day')",
    "row_is_pending": "insert into migration.pending (tab, id) values ('orders', 1001)",
    "quarantine_grows": "update public.orders set order_amount = -1 where order_id = 1001",
    "column_is_new": "alter table public.orders add column note text",
    "sides_differ": "alter table public.orders disable trigger migration_update;"
    " update public.orders set order_amount = 41 where order_id = 1001",
    "new_side_contradicts_itself": "set local sales.correcting = 'on';"
    " alter table sales.customers drop constraint customers_balance_is_in_ledger;"
    " update sales.ledger_entries set amount = amount + 1, balance_after = balance_after + 1 where customer_id = 1",
    "secret_is_in_clear": "alter table sales.deliveries drop constraint deliveries_args_hold_no_secret;"
    " alter table sales.deliveries disable trigger receive_args;"
    " insert into sales.deliveries (customer_id, script_name, args)"
    """ values (1, 'bulk_delivery', '{"api_key": "x"}')""",
}
#: Faults that take other sessions, or that statistics show: tests of their own.
BY_SESSIONS = {
    "waiting_session", "long_transaction", "replica_is_behind", "slot_retains_log", "dead_rows", "invalid_index",
}  # fmt: skip


def psql(dsn: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the whole file."""
    return subprocess.run(
        [*PSQL, "-At", "-v", "daily=on", "-f", str(FILE)],
        env=environment(dsn, FILE.parent) | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def monitor(dsn: str) -> str:
    """What psql prints for the whole file."""
    said = psql(dsn)
    assert (said.returncode, said.stderr) == (0, "")
    return said.stdout


def of(name: str, threshold: str = "", another: str = "") -> Alert:
    """An alert, with its threshold changed in one place."""
    alert = ALERTS[name]
    if threshold:
        assert alert.query.count(threshold) == 1
        alert = replace(alert, query=alert.query.replace(threshold, another))
    return alert


def fits(alert: Alert, texts: list[str]) -> bool:
    """Whether each text begins with the alert's name, and is the one that the header announces."""
    pattern = re.escape(f"{alert.name}: {alert.alert}").replace("…", ".+")
    return bool(texts) and all(re.match(pattern, text) for text in texts)


def until_raised(connection: psycopg.Connection, alert: Alert) -> list[str]:
    """What a query raises in the end: another process has to act first."""
    give_up = time.monotonic() + 60
    while not (texts := raised(connection, alert)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return texts


@pytest.fixture(scope="module")
def verified(server: Server) -> Iterator[str]:
    """The sample on both sides, up to verify."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, STEPS, "verify")
        yield dsn


@pytest.fixture
def undone(verified: str) -> Iterator[psycopg.Connection]:
    """A session whose changes are rolled back."""
    with psycopg.connect(verified) as connection:
        yield connection
        connection.rollback()


@pytest.mark.both_versions
def test_no_phase_of_a_sound_migration_raises_an_alert(sample: str) -> None:
    assert monitor(sample) == ""
    with psycopg.connect(sample, autocommit=True) as connection:
        for step in STEPS:
            run(connection, STEPS, step.name, MigrationThrottle(), start_ignored)
            if step.name == "switch":  # the new job's first night
                connection.execute("call sales.recreate_due()")
            for alert in ALERTS.values():
                assert raised(connection, alert) == [], (step.name, alert.name)
            if step.name in ("switch", CONTRACT, RETIRE):  # another sequence of orders, or another table
                with connection.transaction(force_rollback=True):
                    connection.execute(
                        "insert into sales.orders (order_id, customer_id, amount) values (2000000000, 1, 5)"
                    )
                    behind = ALERTS["sequence_is_behind"]
                    (text,) = raised(connection, behind)
                    assert fits(behind, [text])
                    sequence, column = text.split()[2], text.split()[7]
                    assert text.endswith("orders.order_id has numbers up to 2000000000")
                    if step.name == RETIRE:  # no sequence is rolled back
                        table = column.removesuffix(".order_id")
                        connection.execute(f"select setval('{sequence}', (select max(order_id) from {table}))".encode())
                        assert raised(connection, behind) == []
            if step.name in ("expand", "backfill", STEPS[-1].name):
                assert monitor(sample) == "", step.name


def test_no_alert_runs_a_text_as_a_query() -> None:
    """As plain SQL, each is planned and checked by the server as it stands."""
    patterns = [name.replace("*", ".*") for name in REACHES["runs a text as a query"]]
    for alert in ALERTS.values():
        assert not re.search(rf"\b({'|'.join(patterns)})\(", alert.query), alert.name


def test_every_alert_has_a_fault() -> None:
    assert BY_STATEMENTS.keys() | BY_SESSIONS == ALERTS.keys()


@pytest.mark.both_versions
@pytest.mark.parametrize("name", BY_STATEMENTS)
def test_a_fault_raises_its_alert(undone: psycopg.Connection, name: str) -> None:
    alert = of(name, "interval '3 hours'", "interval '0 hours'") if name.startswith("job_is_late") else of(name)
    assert raised(undone, alert) == []
    undone.execute(BY_STATEMENTS[name].encode())
    assert fits(alert, raised(undone, alert))


@pytest.mark.both_versions
def test_the_job_is_not_late_on_the_day_of_the_switch(undone: psycopg.Connection) -> None:
    """The old job may have recreated the orders before the copy, which leaves no record."""
    alert = of("job_is_late_after_switch", "interval '3 hours'", "interval '0 hours'")
    undone.execute("insert into migration.step (name) values ('switch')")
    assert raised(undone, alert) == []
    undone.execute("update migration.step set done_at = done_at - interval '1 day' where name = 'switch'")
    assert fits(alert, raised(undone, alert))


def test_a_row_that_the_backfill_will_copy_raises_no_alert(undone: psycopg.Connection) -> None:
    undone.execute(BY_STATEMENTS["row_is_pending"].encode())
    undone.execute("delete from migration.step where name in ('backfill', 'verify')")
    assert raised(undone, ALERTS["row_is_pending"]) == []


@pytest.mark.both_versions
def test_a_wait_and_a_long_transaction_raise_alerts(verified: str, undone: psycopg.Connection) -> None:
    waiting, long = of("waiting_session", "1 second", "0 seconds"), of("long_transaction", "5 minutes", "0 minutes")
    assert raised(undone, waiting) == raised(undone, long) == []
    undone.execute("set application_name = shop; update public.customers set customer_name = customer_name")
    undone.execute("/* for Ann */ lock table public.orders in access exclusive mode -- Bob")
    other = subprocess.Popen(
        [*PSQL, "-c", "select count(*) from public.orders"],
        env=environment(verified, FILE.parent),
        stdout=subprocess.DEVNULL,
    )
    with psycopg.connect(verified, autocommit=True) as third:
        texts = until_raised(third, waiting)
        assert fits(waiting, texts)
        # of the statement, no more than its first word
        holder = f"session {undone.info.backend_pid} (application shop, role postgres, idle in transaction: lock)"
        assert re.fullmatch(
            r"waiting_session: session \d+ \(application psql, role postgres, active: select\) has waited \d+ s for a"
            rf" lock of {re.escape(holder)}",
            texts[0],
        )
        # a step of the migration, by the program or another one
        with connected(verified) as (session, _):
            assert session.execute("show application_name").fetchone() == ("order-audit migrate",)
        lock = (PROPOSED / "deploy" / "checks" / "lock.sql").read_bytes()
        undone.execute(lock + b"select pg_temp.lock_tables('{public.orders}')")
        assert "(the migration, role postgres, idle in transaction: create)" in raised(third, waiting)[0]
        assert fits(long, raised(third, long))
    undone.rollback()
    assert other.wait(timeout=60) == 0


@pytest.mark.both_versions
def test_a_role_that_may_not_see_other_sessions_gets_an_error(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("create role blind login")
        try:
            said = psql(sample, PGUSER="blind")
            assert said.returncode == 3
            assert said.stdout == (
                "figures_are_hidden: role blind may not see the sessions and replicas of other roles: grant"
                " pg_read_all_stats to blind\n"
            )
            assert "the alerts are incomplete" in said.stderr
            assert "HINT:  grant pg_read_all_stats to blind" in said.stderr
            connection.execute("grant pg_read_all_stats to blind")
            seen = psql(sample, PGUSER="blind")
            assert (seen.returncode, seen.stdout, seen.stderr) == (0, "", "")
        finally:
            connection.execute("drop role blind")


@pytest.mark.both_versions
def test_an_abandoned_index_and_dead_rows_raise_alerts(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        dead = of("dead_rows", "10000", "0")
        assert raised(connection, ALERTS["invalid_index"]) == raised(connection, dead) == []
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("create unique index concurrently same on orders ((customer_id * 0))")
        connection.execute("update orders set order_amount = order_amount + 1")
        connection.execute("select pg_stat_force_next_flush()")
        assert raised(connection, ALERTS["invalid_index"]) == [
            "invalid_index: index same is invalid, and nothing builds it"
        ]
        assert fits(dead, raised(connection, dead))


@pytest.mark.both_versions
def test_a_slot_without_a_consumer_raises_an_alert(sample: str) -> None:
    alert = of("slot_retains_log", "10e9", "1")
    with psycopg.connect(sample, autocommit=True) as connection:
        assert raised(connection, alert) == []
        connection.execute("select pg_create_physical_replication_slot('forgotten', true)")
        try:
            connection.execute("update orders set order_amount = order_amount + 1")
            assert fits(alert, raised(connection, alert))
        finally:
            connection.execute("select pg_drop_replication_slot('forgotten')")


def test_a_replica_that_lags_raises_an_alert(standby: tuple[str, Server]) -> None:
    dsn, second = standby
    alert = of("replica_is_behind", "1e9", "0")
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        psycopg.connect(second.dsn(), autocommit=True) as replica,
    ):
        replica.execute("select pg_wal_replay_pause()")
        connection.execute("update orders set order_amount = order_amount + 1")
        assert fits(alert, until_raised(connection, alert))


def test_the_backfill_ends_where_it_may_not_see_how_far_replicas_are_behind(standby: tuple[str, Server]) -> None:
    dsn, _ = standby
    with psycopg.connect(dsn) as connection:
        wait_for_others(connection, MigrationThrottle(), nothing)
        connection.execute("create role blind; set local role blind")
        with pytest.raises(RefusalError, match=r"^--max-replica-lag: .* \(connected: 1\): .* to blind'; or go on"):
            wait_for_others(connection, MigrationThrottle(), nothing)
        wait_for_others(connection, MigrationThrottle(max_lag_seconds=0), nothing)
        connection.execute("reset role; grant pg_read_all_stats to blind; set local role blind")
        wait_for_others(connection, MigrationThrottle(), nothing)
        connection.rollback()
