"""Fixes in every phase of the migration: planned, applied, listed and reverted, on the old tables wherever they are."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.quarantine import quarantine
from order_audit.scenario.migrate.run import rollback, run
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import migrate, rows
from tests.support.program import order_audit

STEPS = steps(PROPOSED)
MOVED = "customers and orders are views since the switch"


def fixes(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command of fixes; return its output on both streams."""
    done = order_audit("fixes", *words, "--dsn", dsn, *(() if words[0] == "status" else ("--quiet",)))
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def to(dsn: str, step: str) -> None:
    """Take the steps up to one, or take back all after it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rollback(connection, STEPS, step, MigrationThrottle(), start_ignored)
        if step:
            run(connection, STEPS, step, MigrationThrottle(), start_ignored, accept_quarantine=99)


def held(dsn: str) -> int:
    """The number of rows in quarantine, while both sides are equal."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert verify(connection, lambda *_: None).equal
        return quarantine(connection).rows


@pytest.mark.parametrize(
    ("step", "schema"),
    [("synchronise", ()), ("backfill", ()), ("switch", ()), ("switch", ("--schema", "public"))],
)
def test_fixes_work_in_every_phase(issues: str, step: str, schema: tuple[str, ...]) -> None:
    to(issues, step)
    before = rows(issues, drift=False)
    planned = fixes(issues, "plan", "--accept-recommended", *schema)
    assert "changes would be made" in planned
    assert (MOVED in planned) == (step == "switch")
    waiting = held(issues) if step in ("backfill", "switch") else 0
    assert "lineage.is_acyclic: root_at_smallest: 3 rows" in fixes(issues, "apply", "--accept-recommended", *schema)
    assert rows(issues) != before
    assert not waiting or 0 < held(issues) < waiting
    # a second time there is nothing to do
    assert "root_at_smallest" not in fixes(issues, "apply", "--accept-recommended", *schema)
    assert "root_at_smallest" in fixes(issues, "status", *schema)
    assert "lineage.is_acyclic: 3 rows reverted" in fixes(issues, "revert", *schema)
    assert rows(issues, drift=False) == before
    assert not waiting or held(issues) == waiting


@pytest.mark.both_versions
def test_the_undo_log_follows_the_tables(issues: str) -> None:
    """Fixes of each phase are reverted in another one."""
    before = rows(issues, drift=False)
    for applied, reverted in (("backfill", "switch"), ("switch", "")):
        to(issues, applied)
        fixes(issues, "apply", "--accept-recommended")
        assert rows(issues, drift=False) != before
        to(issues, reverted)
        assert "lineage.is_acyclic: 3 rows reverted" in fixes(issues, "revert")
        assert rows(issues, drift=False) == before


@pytest.mark.parametrize("schema", [(), ("--schema", "migration")], ids=["", "migration"])
def test_no_guard_that_a_rollback_would_break(sample: str, tmp_path: Path, schema: tuple[str, ...]) -> None:
    """The function of a trigger names the tables, which a rollback moves."""
    to(sample, "switch")
    assert "guards    installed" not in fixes(sample, "apply", *schema)
    assert "guard." not in fixes(sample, "emit", "--out", str(tmp_path), *schema)
    to(sample, "")
    with psycopg.connect(sample, autocommit=True) as connection:
        assert connection.execute("select to_regnamespace('migration')").fetchone() == (None,)
        connection.execute("insert into orders (order_ref, customer_id, order_status) values (1001, 1, 'pending')")
        connection.execute("update orders set order_status = 'cancelled' where order_id = 1001")
    assert "guards    installed" in fixes(sample, "apply")


def test_after_the_contract_one_line_says_what_to_do(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id) values (2001, 1001, 1), (2002, 2001, 1)"
        )
    fixes(sample, "apply")
    to(sample, CONTRACT)
    for words in (("plan",), ("apply",), ("emit", "--out", "/nowhere/project")):
        said = fixes(sample, *words, code=3)
        assert said.count("\n") == 1
        assert "'order-audit run --suite proposed' audits the new tables" in said
    assert "lineage.order_ref_is_first_ancestor" in fixes(sample, "status")
    assert "migration.orders does not exist any more" in fixes(sample, "revert", code=3)
    assert "already dropped" in migrate(sample, "contract", "--quiet")


def test_a_role_without_the_schema_is_told_what_to_grant(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("create role passer_by login; grant select on customers, orders to passer_by")
        try:
            reader = psycopg.conninfo.make_conninfo(sample, user="passer_by")
            fixes(reader, "plan")
            to(sample, "switch")
            said = fixes(reader, "plan", code=3)
            assert said.count("\n") == 1
            grant = "grant usage on schema migration to passer_by"
            assert grant in said
            connection.execute(grant)
            assert MOVED in fixes(reader, "plan")
        finally:
            to(sample, "")
            connection.execute("drop owned by passer_by")
            connection.execute("drop role passer_by")
