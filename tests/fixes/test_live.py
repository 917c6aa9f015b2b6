"""Fixes at work while applications write, and while they are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.apply import apply
from order_audit.fixes.engine.batches import install, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import fixes
from tests.support import servers, soak
from tests.support.application import Application, Waiting
from tests.support.program import order_audit

ROOT = Path(__file__).parents[2]
RULES = tuple(rule for rule in load("current").rules if rule.id == "orders.status_is_known")
FIXES = fixes(RULES)
CHOICES = {"orders.status_is_known": "cancel"}
#: How often it is killed (more in `make soak`), and how often in one database.
KILLS = soak.times(3)
_AT_ONE = min(KILLS, 8)
_APPLY = [sys.executable, "-m", "order_audit", "fixes", "apply", "--quiet", "--no-guards", "--batch-size", "25"]


def dirty(dsn: str, orders: int) -> None:
    """Orders of which each second one has a status to be put right."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute("alter table orders drop constraint chk_status")
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state) values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA')"
        )
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_status)"
            " select g, g, 1, (array['active', ' Active', 'EXPIRED ', 'paused'])[1 + g %% 4]"
            " from generate_series(1, %s) as g",
            [orders],
        )


def rows(connection: psycopg.Connection) -> list[tuple[str]]:
    """All of both tables."""
    return connection.execute(
        "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    ).fetchall()


@pytest.mark.both_versions
def test_no_write_of_an_application_is_lost_and_no_deadlock_reaches_it(dsn: str) -> None:
    dirty(dsn, 3_000)
    with psycopg.connect(dsn, autocommit=True) as connection:
        application = Application(dsn)
        with application.at_work():
            for _ in range(3):
                done = apply(connection, RULES, FIXES, CHOICES, None, Throttle(batch_size=100, max_rounds=2))
                assert done.changed
        assert application.troubles == []
        assert application.transactions > 50
        assert application.lost(connection) == []
        # after the last write, no row is left
        last = apply(connection, RULES, FIXES, CHOICES, None, Throttle())
        assert last.left == 0
        found = connection.execute(f"select count(*) from ({RULES[0].sql}) as v".encode()).fetchone()
        assert found == (0,)
        assert application.lost(connection) == []


def test_what_a_trigger_wrote_besides_is_told(dsn: str) -> None:
    """The columns that fixes changed are restored; those that a trigger changed are not."""
    dirty(dsn, 100)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "alter table orders add column changes int not null default 0;"
            "create function count_changes() returns trigger language plpgsql as"
            " $$ begin new.changes := old.changes + 1; return new; end $$;"
            "create trigger counting before update on orders for each row execute function count_changes()"
        )
        states = "select order_id, order_status from orders order by 1"
        before = connection.execute(states).fetchall()
        done = order_audit(*_APPLY[3:], "--dsn", dsn)
        assert done.returncode == 0, done.stderr
        assert "in 1, other sessions or triggers changed rows, too: orders from 0" in done.stdout
        done = order_audit("fixes", "revert", "--quiet", "--dsn", dsn)
        assert done.returncode == 0, done.stderr
        assert "orders has triggers (counting): rows that they wrote are not in the undo log" in done.stdout
        assert connection.execute(states).fetchall() == before
        assert connection.execute("select max(changes) from orders").fetchone() == (2,)


def test_what_an_application_changed_since_is_left_alone_by_a_revert(dsn: str) -> None:
    dirty(dsn, 100)
    with psycopg.connect(dsn, autocommit=True) as connection:
        before: dict[int, str] = dict(connection.execute("select order_id, order_status from orders").fetchall())
        apply(connection, RULES, FIXES, CHOICES, None, Throttle())
        connection.execute("update orders set order_status = 'cancelled' where order_id = 1")
        connection.execute("delete from orders where order_id = 2")
        # another column is no reason to keep a value back
        connection.execute("update orders set order_amount = 7 where order_id = 5")
        done = revert(connection, "orders.status_is_known", TARGET, Throttle())
        assert done.changed_concurrently == 2
        after: dict[int, str] = dict(connection.execute("select order_id, order_status from orders").fetchall())
        assert after == {id: status for id, status in before.items() if id != 2} | {1: "cancelled"}
        alone = connection.execute(
            "select key ->> 'order_id' from order_audit.journal where left_alone is not null order by id"
        ).fetchall()
        assert alone == [("1",), ("2",)]


@pytest.mark.both_versions
def test_a_row_in_somebodys_hands_is_waited_for_without_being_in_the_way(dsn: str) -> None:
    dirty(dsn, 40)
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn) as other:
        other.execute("update orders set order_amount = 3 where order_id = 1")
        install(connection, TARGET)
        fix = FIXES["orders.status_is_known"]
        assert fix.automatic
        from order_audit.fixes.engine.batches import apply as change

        done = change(connection, fix, fix.automatic, TARGET, Throttle(max_rounds=2))
        assert (done.changed, done.locked) == (19, 1)
        other.commit()
        done = change(connection, fix, fix.automatic, TARGET, Throttle(max_rounds=2))
        assert (done.changed, done.locked) == (1, 0)
        assert connection.execute("select order_amount, order_status from orders where order_id = 1").fetchone() == (
            3,
            "active",
        )


@pytest.mark.parametrize("when", ["before update", "at commit"])
def test_nobody_waits_longer_for_a_row_than_they_may(dsn: str, when: str) -> None:
    """Each changed row takes 25 ms: all of them, in one batch, would be held for a second and a half."""
    dirty(dsn, 120)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create function slow() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(0.025); return new; end $$"
        )
        kind = "before update" if when == "before update" else "after update"
        connection.execute(
            f"create {'constraint ' if when == 'at commit' else ''}trigger slow {kind} on orders"
            f" {'deferrable initially deferred' if when == 'at commit' else ''} for each row"
            " when (old.order_status is distinct from new.order_status) execute function slow()".encode()
        )
        throttle = Throttle(batch_size=100, max_lock_wait_ms=200)
        with Waiting(dsn, most=throttle.max_lock_wait_ms + 1_500).at_work() as application:
            done = apply(connection, RULES, FIXES, {}, None, throttle)
            assert done.changed == 60
            back = revert(connection, "orders.status_is_known", TARGET, throttle)
            assert back.changed == 60
        assert application.troubles == []
        assert application.waits > 0


@pytest.mark.server
@pytest.mark.parametrize("victim", ["program", "server"])
def test_it_may_be_killed_at_any_moment_and_run_again(victim: str) -> None:
    with servers.running(15) as server:
        whole = servers.new_database(server)
        dirty(whole, 2_000)
        with psycopg.connect(whole, autocommit=True) as connection:
            untouched = rows(connection)
            apply(connection, RULES, FIXES, {}, None, Throttle(batch_size=25))
            wanted = rows(connection)
        for number in range(0, KILLS, _AT_ONE):
            broken = servers.new_database(server)
            dirty(broken, 2_000)
            _kill(server, victim, broken, random.Random(number))
            finished = subprocess.run([*_APPLY, "--dsn", broken], cwd=ROOT, capture_output=True, text=True, check=False)
            assert finished.returncode == 0, finished.stderr
            with psycopg.connect(broken, autocommit=True) as connection:
                assert rows(connection) == wanted
                # each value was changed once, and the journal has it
                journal = connection.execute("select count(*), count(distinct key) from order_audit.journal").fetchone()
                assert journal == (1_000, 1_000)
                assert revert(connection, "orders.status_is_known", TARGET, Throttle()).changed == 1_000
                assert rows(connection) == untouched
            servers.drop_database(server, broken)


def _kill(server: Server, victim: str, dsn: str, chance: random.Random) -> None:
    """Begin to apply fixes again and again, and kill who is at it."""
    killed = 0
    for _ in range(_AT_ONE):
        process = subprocess.Popen(
            [*_APPLY, "--dsn", dsn], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        _until_changing(dsn, process)
        time.sleep(chance.uniform(0, 0.1))
        if victim == "program":
            process.send_signal(signal.SIGKILL)
        else:
            server.stop("immediate")
        _, said = process.communicate(timeout=60)
        if victim == "server":
            assert process.returncode in (0, 3), said
            server.start()
        killed += process.returncode != 0
    assert killed > _AT_ONE // 4


def _until_changing(dsn: str, process: subprocess.Popen[str]) -> None:
    """Wait until the program is about its work, or has ended."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        while process.poll() is None:
            if connection.execute(
                "select from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid()"
            ).rowcount:
                return
            time.sleep(0.01)
