"""The migration by Sqitch and by psql: as safe as the program, never both on one database, and each file run again."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, done, steps
from tests.migrate.migrating import migrate, rows, shape
from tests.migrate.steps import compare_again
from tests.support import servers
from tests.support.clients import psql, sqitch

STEPS = steps(PROPOSED)[:-1]  # up to the contract
NAMES = [step.name for step in STEPS[:-1]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the Sqitch projects."""
    shutil.copytree(PROPOSED, tmp_path / "proposed")
    return tmp_path / "proposed"


@pytest.fixture
def tenant(sample: str) -> Iterator[str]:
    """The sample with row-level security: role tenant sees the orders of one customer. Yields the DSN of the owner."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "create role tenant login; grant select on orders, customers to tenant;"
            "create policy own_rows on orders using (customer_id = 1); alter table orders enable row level security"
        )
        yield sample
        connection.execute("drop owned by tenant; drop role tenant")


def reached(dsn: str) -> list[str]:
    """The steps that are done."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return done(connection, STEPS)


def failed(said: subprocess.CompletedProcess[str]) -> str:
    """What a failed client said."""
    assert said.returncode != 0, said.stdout
    return said.stdout + said.stderr


@pytest.mark.both_versions
def test_row_level_security_stops_all_three(tenant: str, project: Path) -> None:
    reader = psycopg.conninfo.make_conninfo(tenant, user="tenant")

    def seen() -> list[tuple[int]]:
        with psycopg.connect(reader) as connection:
            return connection.execute("select order_id from orders order by order_id").fetchall()

    before = seen()
    assert 0 < len(before) < len(rows(tenant)["orders"])
    words = "orders has row-level security, which its view would bypass"
    assert words in failed(sqitch(tenant, project, "deploy"))
    assert words in failed(psql(tenant, PROPOSED / "deploy" / "expand.sql"))
    assert words in migrate(tenant, "run", "--quiet", code=3)
    assert reached(tenant) == []
    assert seen() == before


def test_sqitch_keeps_the_steps_before_a_failure(sample: str, project: Path) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table orders add column note text")
    assert "orders.note (text)" in failed(sqitch(sample, project, "deploy"))
    assert reached(sample) == NAMES[:-1]
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table orders drop column note")
    again = sqitch(sample, project, "deploy")
    assert again.returncode == 0, again.stderr
    assert reached(sample) == NAMES
    for folder in (project, project / CONTRACT, project / RETIRE):
        listed = subprocess.run(["sqitch", "config", "--list"], cwd=folder, capture_output=True, text=True, check=True)
        assert "deploy.mode=change" in listed.stdout
        assert "deploy.verify=true" in listed.stdout


def test_sqitch_keeps_the_copied_rows_when_its_backend_ends(sample: str, project: Path) -> None:
    with psycopg.connect(sample) as writer, psycopg.connect(sample, autocommit=True) as connection:
        # the backfill waits for this row, whose block a writer has, too
        writer.execute("select from customers where customer_id = 5 for update")
        said: list[subprocess.CompletedProcess[str]] = []
        running = threading.Thread(target=lambda: said.append(sqitch(sample, project, "deploy")))
        running.start()
        ended, is_held = None, False
        while ended is None and running.is_alive():
            time.sleep(0.05)
            if connection.execute("select to_regclass('sales.orders') is not null").fetchone() == (True,):
                if not is_held:
                    connection.execute("select pg_advisory_lock_shared('sales.customers'::regclass::oid::integer, 0)")
                    is_held = True
                ended = connection.execute(
                    "select pg_terminate_backend(a.pid) from pg_stat_activity as a"
                    " where a.datname = current_database() and a.query like 'call migration.backfill_all%'"
                    " and exists (select from sales.customers)"
                ).fetchone()
        running.join()
        assert failed(said[0])
        assert reached(sample) == NAMES[:3]
        copied = connection.execute("select count(*) from sales.customers").fetchone()
        assert copied == (4,)
        writer.rollback()
    again = sqitch(sample, project, "deploy")
    assert again.returncode == 0, again.stderr
    assert reached(sample) == NAMES


@pytest.mark.parametrize("registry", ["sqitch", "other"])
def test_the_program_refuses_what_sqitch_has_begun(sample: str, project: Path, registry: str) -> None:
    said = sqitch(sample, project, "deploy", "--registry", registry, "--to", "backfill")
    assert said.returncode == 0, said.stderr
    words = f"Sqitch has deployed this migration (in {registry}.changes: expand, prepare, synchronise, backfill)"
    for command in (("run",), ("rollback",)):
        assert words in migrate(sample, *command, "--quiet", code=3)
    assert reached(sample) == NAMES[:4]
    assert "done   backfill" in migrate(sample, "status")
    assert "both sides are equal" in migrate(sample, "verify", "--quiet")
    said = sqitch(sample, project, "deploy", "--registry", registry)
    assert said.returncode == 0, said.stderr
    assert "Sqitch has deployed" in migrate(sample, "contract", "--drop-old-tables", "--quiet", code=3)
    said = sqitch(sample, project, "revert", "--registry", registry, "-y")
    assert said.returncode == 0, said.stderr
    # all of it is reverted: now it is the program's turn
    migrate(sample, "run", "--quiet")


def test_sqitch_refuses_what_the_program_has_begun(sample: str, project: Path) -> None:
    for step in ("expand", "prepare", "switch"):
        migrate(sample, "run", "--to", step, "--quiet")
        before = reached(sample)
        said = failed(sqitch(sample, project, "deploy"))
        assert "the migration has begun already in this database (schemas " in said
        assert "They do not mix" in said
        assert reached(sample) == before
    assert "sales:switch" in failed(sqitch(sample, project / CONTRACT, "deploy"))
    migrate(sample, "rollback", "--quiet")


def test_sqitch_continues_where_it_was_killed_before_its_record(sample: str, project: Path) -> None:
    for step, words in (("expand", "the migration has begun already"), ("prepare", "prepare is done already")):
        assert psql(sample, PROPOSED / "deploy" / f"{step}.sql").returncode == 0
        assert words in failed(sqitch(sample, project, "deploy"))
        said = sqitch(sample, project, "deploy", "--log-only", "--to", step)
        assert said.returncode == 0, said.stderr
    assert psql(sample, PROPOSED / "deploy" / "synchronise.sql").returncode == 0
    said = sqitch(sample, project, "deploy")
    assert said.returncode == 0, said.stderr
    assert reached(sample) == NAMES


def test_each_file_can_be_run_again_or_says_why_not(sample: str, server: Server) -> None:
    before, dumped = rows(sample), shape(server, sample)
    # defaults of an old database, which change what literals and names mean
    odd = make_conninfo(
        sample, options="-c standard_conforming_strings=off -c backslash_quote=off -c quote_all_identifiers=on"
    )

    def twice(file: Path) -> None:
        first, second = psql(odd, file), psql(odd, file)
        assert first.returncode == 0, first.stderr
        says = file.read_text(encoding="utf-8").splitlines()[0]
        if "Can be run again" in says:
            assert second.returncode == 0, second.stderr
        else:
            assert "Runs once: run again, it stops with one line" in says
            assert second.stderr.count("ERROR") == 1
            assert "already" in failed(second) or "reverted" in second.stderr

    for name in NAMES:
        twice(PROPOSED / "deploy" / f"{name}.sql")
        twice(PROPOSED / "verify" / f"{name}.sql")
        assert rows(sample) == before
    assert reached(sample) == NAMES
    with psycopg.connect(odd) as connection:
        valid = connection.execute("select sales.is_email('a@b.example'), sales.is_email('a@b!example')").fetchone()
        assert valid == (True, False)
    # deploy files of earlier steps are no-ops or refused, in any phase
    for name in NAMES:
        psql(sample, PROPOSED / "deploy" / f"{name}.sql")
        assert rows(sample) == before
    assert "equal" in migrate(sample, "verify", "--quiet")
    # a step cannot be reverted before those after it
    for name in NAMES[:-1]:
        assert " first" in failed(psql(sample, PROPOSED / "revert" / f"{name}.sql"))
    assert reached(sample) == NAMES
    assert "equal" in migrate(sample, "verify", "--quiet")
    for name in reversed(NAMES):
        twice(PROPOSED / "revert" / f"{name}.sql")
        assert rows(sample) == before
    assert shape(server, sample) == dumped
    # a step cannot be deployed before those before it
    for name in NAMES[1:]:
        assert " first" in failed(psql(sample, PROPOSED / "deploy" / f"{name}.sql"))
    assert "come first" in failed(psql(sample, PROPOSED / CONTRACT / "deploy" / "contract.sql"))
    for name in NAMES:
        assert psql(sample, PROPOSED / "deploy" / f"{name}.sql").returncode == 0
    compare_again(sample)
    twice(PROPOSED / CONTRACT / "deploy" / "contract.sql")
    twice(PROPOSED / CONTRACT / "verify" / "contract.sql")
    assert rows(sample) == before
    for name in NAMES:
        psql(sample, PROPOSED / "revert" / f"{name}.sql")
        assert rows(sample) == before


def test_every_file_says_whether_it_can_be_run_again() -> None:
    for file in PROPOSED.rglob("*.sql"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert any(
            words in first for words in ("an be run again", "Runs once", "runs it once", "run it once", "Always stops")
        ), file


def test_an_owner_needs_the_privileges_that_the_checks_name(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "create role shop login; alter table customers owner to shop; alter table orders owner to shop"
        )
        try:
            owner = psycopg.conninfo.make_conninfo(sample, user="shop")
            (name,) = connection.execute("select current_database()").fetchone() or ("",)
            for words, grant in (
                ("may not create schemas here", f"create on database {name}"),
                ("may not create objects in the schema public", "create on schema public"),
                (
                    "grant set on parameter migration.direction, sales.correcting to shop",
                    "set on parameter migration.direction, sales.correcting",
                ),
            ):
                assert words in migrate(owner, "run", "--quiet", code=3)
                assert words in failed(psql(owner, PROPOSED / "deploy" / "expand.sql"))
                connection.execute(f"grant {grant} to shop".encode())
            before = rows(sample)
            said = migrate(owner, "plan", "--quiet")
            grants = re.findall("grant (set on parameter deadlock_timeout|pg_[a-z_]+) to shop$", said, re.MULTILINE)
            assert len(grants) == 3
            connection.execute("".join(f"grant {it} to shop;" for it in grants).encode())
            assert "privileges that this role lacks" not in migrate(owner, "plan", "--quiet")
            for _ in range(2):
                migrate(owner, "run", "--quiet")
                migrate(owner, "rollback", "--quiet")
            migrate(owner, "run", "--quiet")
            migrate(owner, "contract", "--drop-old-tables", "--quiet")
            assert rows(sample) == before
            migrate(owner, "retire", "--drop-old-views", "--quiet")
        finally:
            connection.execute(
                "revoke set on parameter migration.direction, sales.correcting, deadlock_timeout from shop"
            )
            servers.await_others(connection)
            connection.execute("drop owned by shop cascade; drop role shop")
