"""The last step by the program, Sqitch and psql: killed, run again, with every file after it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.errors import RefusalError
from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED, SCHEMA
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import BY_HAND, CONTRACT, RETIRE, done, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.migrate.migrating import migrate, shape
from tests.migrate.steps import compare_again, one, take
from tests.support.clients import psql, sqitch

STEPS = steps(PROPOSED)
NAMES = [step.name for step in STEPS]
FILE = PROPOSED / RETIRE / "deploy" / "retire.sql"
CONFIRMED = (RETIRE, "--drop-old-views", "--quiet")


@pytest.fixture
def contracted(sample: str) -> str:
    """The sample after the contract."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, STEPS, CONTRACT)
    return sample


@pytest.mark.both_versions
@pytest.mark.parametrize("other_table", [False, True])
def test_no_file_harms_what_is_complete(contracted: str, server: Server, other_table: bool) -> None:
    """Not even where another table has one of the old names."""
    assert psql(contracted, FILE).returncode == 0
    for _ in range(2):
        assert psql(contracted, PROPOSED / RETIRE / "verify" / "retire.sql").returncode == 0
    with psycopg.connect(contracted, autocommit=True) as connection:
        if other_table:
            connection.execute(SCHEMA[0].read_bytes())
        before = connection.execute("select to_jsonb(o) from sales.orders as o order by o.order_id").fetchall()
        dumped = shape(server, contracted)
        for name in NAMES:
            home = PROPOSED / name if name in BY_HAND else PROPOSED
            for way in ("deploy", "revert"):
                said = psql(contracted, home / way / f"{name}.sql")
                assert said.returncode == 0 or said.stderr.count("ERROR") == 1, said.stderr
                if name == "expand" or (way == "deploy" and name not in BY_HAND):
                    assert "contract has dropped the old tables already" in said.stderr
        assert shape(server, contracted) == dumped
        assert before == connection.execute("select to_jsonb(o) from sales.orders as o order by o.order_id").fetchall()
        assert done(connection, STEPS) == NAMES
    assert "the old tables are dropped" in migrate(contracted, "rollback", code=3)


@pytest.mark.both_versions
def test_it_waits_for_applications_and_may_be_killed(
    contracted: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumped = shape(server, contracted)
    with psycopg.connect(contracted) as old, psycopg.connect(contracted, autocommit=True) as connection:
        old.execute("select from orders limit 1")
        assert "lock timeout" in psql(contracted, FILE).stderr
        notes: list[str] = []
        who = f"process {old.info.backend_pid} ({old.info.user}, idle in transaction)"
        monkeypatch.setattr("order_audit.scenario.migrate.waiting._PATIENCE", 0.0)
        with pytest.raises(RefusalError, match="no locks after 2 tries: the oldest .* " + re.escape(who)):
            run(connection, STEPS, RETIRE, MigrationThrottle(max_tries=2), start_ignored, on_wait=notes.append)
        (note,) = notes
        assert f"with a lock on these tables is that of {who}; it began 2" in note
        assert note.endswith(f"select pg_terminate_backend({old.info.backend_pid})")
        process = subprocess.Popen(
            [sys.executable, "-m", "order_audit", "migrate", *CONFIRMED, "--dsn", contracted],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while connection.execute(waits).fetchone() == (0,):
            assert process.poll() is None
        # who has read may write: steps ask for their locks at once
        old.execute("update orders set order_status = 'paused' where order_id = 1001")
        old.execute("update sales.customers set name = name where customer_id = 1")
        process.kill()
        process.wait()
        while connection.execute(waits).fetchone() != (0,):
            pass  # the server's side ends with its lock timeout
        old.commit()
        assert shape(server, contracted) == dumped
        migrate(contracted, *CONFIRMED)
        assert done(connection, STEPS) == NAMES


@pytest.mark.both_versions
def test_numbers_go_on_while_an_application_writes(contracted: str) -> None:
    """Each order has the next number, before, during and after the step."""
    numbers: list[int] = []
    ended = threading.Event()

    def write() -> None:
        with psycopg.connect(contracted, autocommit=True) as connection:
            after = 0
            while after < 50:
                after += ended.is_set()
                numbers.extend(number for (number,) in connection.execute(
                    "insert into sales.orders (customer_id, amount) values (1, 1) returning order_id"
                ))  # fmt: skip

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(numbers) < 50:
            assert writer.is_alive()
        migrate(contracted, *CONFIRMED)
    finally:
        ended.set()
        writer.join()
    assert numbers == list(range(1011, 1011 + len(numbers)))


def silent(said: subprocess.CompletedProcess[str]) -> bool:
    """Whether Sqitch printed its own lines only, and no results of queries."""
    lines = said.stdout.splitlines()
    return all(re.match(r"(Adding|Deploying|Nothing|Reverting)\b| {2}[+-] ", line) for line in lines)


def test_it_is_a_sqitch_project_of_its_own(sample: str, tmp_path: Path) -> None:
    project = tmp_path / "proposed"
    shutil.copytree(PROPOSED, project)
    for folder in (project, project / CONTRACT):
        assert "sales_contract:contract" in sqitch(sample, project / RETIRE, "deploy").stderr
        said = sqitch(sample, folder, "deploy")
        assert said.returncode == 0, said.stderr
        if folder == project:
            compare_again(sample)
        assert silent(said), said.stdout
    with psycopg.connect(sample, autocommit=True) as connection:
        # neither of the others takes it along
        assert done(connection, STEPS) == NAMES[:-1]
        assert "Sqitch has deployed" in migrate(sample, *CONFIRMED, code=3)
        for _ in range(2):
            said = sqitch(sample, project / RETIRE, "deploy", "--verify")
            assert said.returncode == 0, said.stderr
            assert silent(said), said.stdout
            assert done(connection, STEPS) == NAMES
    assert sqitch(sample, project / RETIRE, "verify").returncode == 0
    reverted = sqitch(sample, project / RETIRE, "revert", "-y")
    assert reverted.returncode != 0
    assert "the views for old applications are gone" in reverted.stderr
    assert migrate(sample, *CONFIRMED) == "nothing to do: retire is done\n"
    # orders in partitions, a project after this one, with a way back
    for way, kind in (("deploy", "p"), ("revert", "r"), ("deploy", "p")):
        said = sqitch(sample, project / "partition", way, *(["-y"] if way == "revert" else []))
        assert said.returncode == 0, said.stderr
        assert silent(said), said.stdout
        assert one(sample, "select relkind::text from pg_class where oid = 'sales.orders'::regclass") == kind
    assert sqitch(sample, project / "partition", "verify").returncode == 0
    assert migrate(sample, *CONFIRMED) == "nothing to do: retire is done\n"
