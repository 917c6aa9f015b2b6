"""Emitted files while applications write, while rows and tables are locked, and when they are killed or fail."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.emission.emit import Emitted, emit
from order_audit.fixes.engine.status import status
from order_audit.session import advisory_lock
from tests.fixes.emitted import FIXES, STATUS, applied_to, files_of, rows_of, there
from tests.fixes.test_live import dirty, rows
from tests.support.application import Application
from tests.support.clients import PSQL, environment, one, psql, sqitch


@pytest.fixture
def statuses(dsn: str, tmp_path: Path) -> tuple[str, Emitted, Path]:
    """Two thousand orders of which each second has a status to be put right, and the project that does it."""
    dirty(dsn, 2_000)
    with psycopg.connect(dsn, autocommit=True) as connection:
        emitted = emit(connection, FIXES, {}, tmp_path, rules=[STATUS], guards=False)
    assert emitted == Emitted(("journal", STATUS), {STATUS: 1_000}, {})
    return dsn, emitted, tmp_path


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_it_may_be_killed_at_any_moment_and_run_again(
    server: Server, statuses: tuple[str, Emitted, Path], tmp_path: Path
) -> None:
    dsn, _, _ = statuses
    before, wanted = rows_of(dsn), applied_to(server, dsn, {})
    deploy, revert = tmp_path / "deploy" / f"{STATUS}.sql", tmp_path / "revert" / f"{STATUS}.sql"
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    # many short transactions, to be killed between and within
    _edit(deploy, "$list$);", "$list$, batch => 10);")
    _edit(revert, f"revert('{STATUS}')", f"revert('{STATUS}', batch => 10)")
    chance = random.Random(7)
    for file, end, done in [
        (deploy, wanted, "select count(*) from order_audit.journal"),
        (revert, before, "select count(*) from order_audit.journal where reverted_at is not null"),
    ]:
        with psycopg.connect(dsn) as other:
            # with one row held it cannot come to its end before it is killed
            other.execute("select from orders where order_id = 1 for update")
            for least in sorted(chance.sample(range(1_000), 6)):
                process = subprocess.Popen(
                    [*PSQL, "-f", str(file)],
                    env=environment(dsn, tmp_path) | {"PGAPPNAME": "victim"},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                while int(str(one(dsn, done))) < least:
                    assert process.poll() is None
                time.sleep(chance.uniform(0, 0.02))
                process.send_signal(signal.SIGKILL)
                process.wait()
                one(
                    dsn,
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'victim'",
                )
                assert rows_of(dsn) not in (before, wanted)
        again = psql(dsn, file)
        assert again.returncode == 0, again.stderr
        assert rows_of(dsn) == end
    # nothing was done twice: each change was journaled once, and put back
    assert one(
        dsn, "select array_agg(distinct n) from (select count(*) as n from order_audit.journal group by key) as k"
    ) == [1]
    assert one(dsn, "select count(*) from order_audit.journal where reverted_at is null") == 0


def test_rows_in_somebodys_hands_are_passed_over_and_told(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy, revert = tmp_path / "deploy" / f"{STATUS}.sql", tmp_path / "revert" / f"{STATUS}.sql"
    _edit(deploy, "$list$);", "$list$, rounds => 2);")
    _edit(revert, f"revert('{STATUS}')", f"revert('{STATUS}', rounds => 2)")
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    bad = f"select count(*) from ({FIXES[STATUS].rule.sql}) as v"
    with psycopg.connect(dsn) as other:
        other.execute("update orders set order_amount = 3 where order_id = 1")
        done = psql(dsn, deploy)
        assert done.returncode == 3
        assert "999 rows changed; other sessions lock the others" in done.stderr
        assert "Run this again" in done.stderr
        assert one(dsn, bad) == 1
        verified = psql(dsn, tmp_path / "verify" / f"{STATUS}.sql")
        assert verified.returncode == 3
        assert f"{STATUS}, automatic: 1 rows still to change" in verified.stderr
        other.commit()
        assert psql(dsn, deploy, tmp_path / "verify" / f"{STATUS}.sql").returncode == 0
        assert one(dsn, bad) == 0
        other.execute("update orders set order_amount = 4 where order_id = 1")
        done = psql(dsn, revert)
        assert done.returncode == 3
        assert "999 rows reverted; other sessions lock the others" in done.stderr
        other.commit()
    assert psql(dsn, revert).returncode == 0
    assert one(dsn, bad) == 1_000
    # what they wrote is there
    assert one(dsn, "select order_amount from orders where order_id = 1") == 4


@pytest.mark.both_versions
def test_a_table_in_somebodys_hands_is_not_waited_for(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy = tmp_path / "deploy" / f"{STATUS}.sql"
    _edit(deploy, "$list$);", "$list$, rounds => 2);")
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    with psycopg.connect(dsn) as other:
        other.execute("lock table orders in share mode")
        done = psql(dsn, deploy)
        assert done.returncode == 3
        assert "0 rows changed; other sessions lock the others" in done.stderr
    assert psql(dsn, deploy).returncode == 0


def test_no_write_of_an_application_is_lost(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    deploy = tmp_path / "deploy" / f"{STATUS}.sql"
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    application = Application(dsn)
    hurried = tmp_path / "hurried.sql"
    shutil.copy(deploy, hurried)
    _edit(hurried, "$list$);", "$list$, batch => 50, rounds => 3);")
    with application.at_work():
        # it may fail: the application goes on making rows to change
        for _ in range(4):
            psql(dsn, hurried)
    assert application.troubles == []
    assert application.transactions > 50
    assert psql(dsn, deploy).returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert application.lost(connection) == []


def test_what_was_changed_since_is_left_alone_and_keeps_the_journal(
    statuses: tuple[str, Emitted, Path], tmp_path: Path
) -> None:
    dsn, emitted, _ = statuses
    assert sqitch(dsn, tmp_path, "deploy").returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update orders set order_status = 'cancelled' where order_id = 1")
    done = sqitch(dsn, tmp_path, "revert", "-y")
    assert done.returncode != 0
    assert 'conflict: public.orders {"order_id": "1"}: changed or deleted since' in done.stderr
    assert "order_audit.journal has changes that are not reverted: 1" in done.stderr
    assert there(dsn)
    assert one(dsn, "select order_status from orders where order_id = 1") == "cancelled"
    assert one(dsn, f"select count(*) from ({FIXES[STATUS].rule.sql}) as v") == 999
    # once it is again as we left it, it goes
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update orders set order_status = 'active' where order_id = 1")
    assert psql(dsn, *files_of(tmp_path, "revert", emitted)).returncode == 0
    assert not there(dsn)


def test_secrets_that_orders_made_meanwhile_refer_to_are_kept(issues: str, tmp_path: Path) -> None:
    rule = "orders.delivery_args_hold_no_secret"
    with psycopg.connect(issues, autocommit=True) as connection:
        emitted = emit(connection, FIXES, {rule: "move_to_secret_store"}, tmp_path, rules=[rule], guards=False)
        before = rows(connection)
        assert psql(issues, *files_of(tmp_path, "deploy", emitted)).returncode == 0
        made = connection.execute(
            "insert into orders (order_id, order_ref, customer_id, delivery_script_args)"
            " select 90000, 90000, 1, replace(delivery_script_args::text, 'audit/', 'audit\\/')::json from orders"
            " where delivery_script_args::text like '%secret-ref:order-audit/%' order by order_id limit 1"
        )
        assert made.rowcount == 1
        done = psql(issues, *files_of(tmp_path, "revert", emitted))
        assert done.returncode == 3
        assert "1 rows of public.orders refer to secrets that order_audit.secret keeps" in done.stderr
        assert one(issues, "select count(*) from order_audit.secret")
        connection.execute("delete from orders where order_id = 90000")
        assert psql(issues, *files_of(tmp_path, "revert", emitted)).returncode == 0
        assert (rows(connection), there(issues)) == (before, False)


@pytest.mark.both_versions
def test_the_run_of_a_file_is_known_and_ends_with_a_vacuum(statuses: tuple[str, Emitted, Path]) -> None:
    dsn, emitted, project = statuses
    files = files_of(project, "deploy", emitted)
    for _ in range(2):  # the second time, nothing is changed and reported
        done = psql(dsn, *files)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(dsn, autocommit=True) as connection:
            told = status(connection)
            runs = connection.execute(
                "select plan, ended_at is not null, detail -> 'choices', detail -> 'changed' from order_audit.run"
            ).fetchall()
        assert told is not None
        assert [entry.rule for entry in told.entries] == ["orders.status_is_known"]
        assert not told.interrupted
        assert runs == [("file", True, {"orders.status_is_known": "automatic"}, told.entries[0].changed)]
    assert one(dsn, "select vacuum_count from pg_stat_user_tables where relname = 'orders'") == 2


@pytest.mark.both_versions
def test_what_fails_for_whatever_reason_is_taken_away_again(statuses: tuple[str, Emitted, Path]) -> None:
    """Like a constraint with a condition that fails on a row during validation."""
    dsn, _, project = statuses
    assert psql(dsn, project / "deploy" / "journal.sql").returncode == 0
    file = project / "deploy" / "odd.sql"
    file.write_text(
        """alter table orders add constraint odd check (1 / (order_id - order_id) > 0) not valid;
call order_audit.patiently(
  'alter table orders validate constraint odd', 'alter table orders drop constraint if exists odd'
);
""",
        encoding="utf-8",
    )
    done = psql(dsn, file)
    assert done.returncode == 3
    assert "division by zero" in done.stderr
    assert one(dsn, "select count(*) from pg_constraint where conname = 'odd'") == 0


def test_one_run_at_a_time(statuses: tuple[str, Emitted, Path], tmp_path: Path) -> None:
    dsn, _, _ = statuses
    assert psql(dsn, tmp_path / "deploy" / "journal.sql").returncode == 0
    with psycopg.connect(dsn, autocommit=True) as connection, advisory_lock(connection):
        # each waits for some seconds
        with ThreadPoolExecutor(2) as pool:
            files = [tmp_path / folder / f"{STATUS}.sql" for folder in ("deploy", "revert")]
            runs = list(pool.map(lambda file: psql(dsn, file), files))
        for done in runs:
            assert done.returncode == 3
            assert "another run of fixes is active in this database" in done.stderr
        assert "a run of fixes is active" in psql(dsn, tmp_path / "revert" / "journal.sql").stderr
    assert psql(dsn, tmp_path / "deploy" / f"{STATUS}.sql").returncode == 0
