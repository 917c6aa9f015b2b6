"""The contract: what lets it through, what old applications do after it, and the same steps under Sqitch."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.quarantine import quarantine
from order_audit.scenario.migrate.steps import CONTRACT, done, steps
from tests.migrate.migrating import audited, migrate, rows, shape
from tests.migrate.steps import compare_again
from tests.support.clients import psql, sqitch
from tests.support.program import order_audit

STEPS = steps(PROPOSED)[:-1]  # up to the contract
NAMES = [step.name for step in STEPS]


@pytest.mark.both_versions
def test_after_the_contract_old_applications_go_on(sample: str) -> None:
    before = rows(sample)
    migrate(sample, "run", "--quiet")
    assert "--drop-old-tables" in migrate(sample, "contract", "--quiet", code=2)
    said = migrate(sample, "contract", "--drop-old-tables", "--quiet")
    assert rows(sample) == before
    compared, dropped, whole = (
        float(figure) * (0.001 if unit == "ms" else 1)
        for figure, unit in re.findall(
            r"^(?:comparison|contract|the whole command): ([0-9.]+) (m?s)$", said, re.MULTILINE
        )
    )
    assert whole > compared + dropped - 0.1  # rounded to tenths
    assert "already dropped" in migrate(sample, "contract", "--drop-old-tables", "--quiet")
    assert "the old tables are dropped" in migrate(sample, "rollback", "--quiet", code=3)
    assert "the old tables are dropped" in migrate(sample, "verify", "--quiet", code=3)
    with psycopg.connect(sample, autocommit=True) as connection:
        row = connection.execute(
            "insert into orders (order_ref, customer_id, order_amount, order_status, order_schedule,"
            " delivery_script_name, delivery_script_args) select 1001, 1, 5, 'active', order_schedule, 'custom_crm',"
            """ '{"api_key":   "x"}' from orders where order_id = 1001 returning order_id, order_ref"""
        ).fetchone()
        assert row == (1011, 1001)
        assert connection.execute("select predecessor_id, balance from sales.recreations").fetchall() == [(1001, 1000)]
        row = connection.execute("select delivery_script_args::text from orders where order_id = 1011").fetchone()
        assert row == ('{"api_key":   "x"}',)
        args = "select d.args::text from sales.deliveries as d join sales.orders as o using (delivery_id)"
        row = connection.execute(f"{args} where order_id = 1011".encode()).fetchone()
        assert row
        assert "secret-ref:sales/" in row[0]
        connection.execute("update customers set customer_balance = customer_balance - 1.5 where customer_id = 1")
        assert connection.execute("select balance from sales.customers where customer_id = 1").fetchone() == (998.5,)
        connection.execute("update orders set order_status = 'paused' where order_id = 1011")
        with pytest.raises(psycopg.errors.CheckViolation):  # the rule of the business
            connection.execute("insert into orders (order_ref, customer_id, order_amount) values (1001, 1, 5000)")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("update customers set customer_balance = -1 where customer_id = 1")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("update orders set order_ref = 1011 where order_id = 1001")
        row = connection.execute(
            "insert into sales.orders (customer_id, amount) values (1, 2) returning order_id > 1011"
        ).fetchone()
        assert row == (True,)
        connection.execute("delete from orders where order_id = 1011")


@pytest.mark.both_versions
def test_a_quarantine_that_fixes_empty_lets_the_contract_through(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        # a chain, which has one right end
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id) values (2001, 1001, 1), (2002, 2001, 1)"
        )
    migrate(sample, "run", "--quiet", "--accept-quarantine", "1")
    with psycopg.connect(sample) as connection:
        assert [(it.reason, it.keys) for it in quarantine(connection).reasons] == [
            ("lineage.order_ref_is_first_ancestor", (2002,))
        ]
    applied = order_audit("fixes", "apply", "--dsn", sample, "--no-guards", "--quiet")
    assert applied.returncode == 0, applied.stderr
    with psycopg.connect(sample) as connection:
        assert quarantine(connection).rows == 0
    migrate(sample, "contract", "--drop-old-tables", "--quiet")
    with psycopg.connect(sample) as connection:
        found = connection.execute("select order_ref from orders where order_id = 2002").fetchone()
    assert found == (1001,)


@pytest.mark.both_versions
def test_a_number_beyond_numeric_waits_for_a_decision(sample: str, tmp_path: Path) -> None:
    """No fix repairs it by itself, the plan does not say so, and once it is repaired the row is admitted."""
    rule = "orders.delivery_args_convert_to_jsonb"
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)"
            """ values (2001, 2001, 1, 'bulk_delivery', '{"n": 1e400000, "m": "\\u0000"}')"""
        )
    planned = migrate(sample, "plan", "--quiet")
    assert f"{rule}: 2001" in planned
    assert "a row leaves the quarantine as soon as a change lets it violate no rule" in planned
    migrate(sample, "run", "--to", "verify", "--quiet")
    decisions = tmp_path / "decisions.toml"
    for choice, left in (("leave", {(rule, (2001,))}), ("numbers_as_text", set())):
        decisions.write_text(f'"{rule}" = "{choice}"\n')
        applied = order_audit(
            "fixes", "apply", "--dsn", sample, "--no-guards", "--quiet", "--decisions", str(decisions)
        )
        assert applied.returncode == 0, applied.stderr
        with psycopg.connect(sample) as connection:
            assert {(it.reason, it.keys) for it in quarantine(connection).reasons} == left
    with psycopg.connect(sample) as connection:
        args = connection.execute(
            "select d.args from sales.deliveries as d join sales.orders as o using (delivery_id) where order_id = 2001"
        ).fetchone()
    assert args == ({"n": "1e400000", "m": ""},)


def test_fixes_let_rows_out_of_quarantine(issues: str, tmp_path: Path) -> None:
    migrate(issues, "run", "--to", "verify", "--quiet")
    with psycopg.connect(issues) as connection:
        before = {(it.table, it.reason): it.rows for it in quarantine(connection).reasons}
    applied = order_audit("fixes", "apply", "--dsn", issues, "--accept-recommended", "--no-guards", "--quiet")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    migrate(issues, "run", "--to", "switch", "--quiet", "--accept-quarantine", "99")
    migrate(issues, "rollback", "--to", "backfill", "--quiet")
    migrate(issues, "run", "--quiet", "--accept-quarantine", "99")
    assert "both sides are equal" in migrate(issues, "verify", "--quiet")
    with psycopg.connect(issues) as connection:
        after = {(it.table, it.reason): it.rows for it in quarantine(connection).reasons}
    assert sum(after.values()) < sum(before.values())
    audited(issues, tmp_path)
    left = {line.split(",")[0] for line in (tmp_path / "violations.csv").read_text().splitlines()[1:]}
    # the remaining rows are those that no fix has changed
    assert {reason for _, reason in after if "." in reason} <= left


@pytest.mark.both_versions
def test_whoever_adds_a_column_hears_of_it(sample: str) -> None:
    migrate(sample, "run", "--to", "verify", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table orders add column note text default 'kept'")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("alter table orders alter column order_amount type bigint")
    assert "orders.note (text)" in migrate(sample, "status")
    assert "orders.note (text)" in migrate(sample, "run", "--quiet", code=3)
    with psycopg.connect(sample, autocommit=True) as connection:
        # the file says so too
        with pytest.raises(psycopg.errors.RaiseException, match=r"orders\.note"):
            connection.execute(STEPS[NAMES.index("switch")].deploy.encode())
        connection.execute("rollback")
        assert connection.execute("select count(*) from orders where note = 'kept'").fetchone() == (10,)
        connection.execute("alter table orders drop column note")
    migrate(sample, "run", "--quiet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the Sqitch projects."""
    shutil.copytree(PROPOSED, tmp_path / "proposed")
    return tmp_path / "proposed"


def take(project: Path, dsn: str, *words: str, options: str = "") -> None:
    """Run Sqitch on a database."""
    said = sqitch(dsn, project, *words, options=options)
    assert said.returncode == 0, said.stdout + said.stderr


def test_sqitch_takes_the_same_steps(server: Server, issues: str, project: Path) -> None:
    before, dumped = rows(issues), shape(server, issues)
    cents = rows(issues, drift=False)
    migrate(issues, "run", "--quiet", "--accept-quarantine", "99")
    ours = shape(server, issues)
    migrate(issues, "rollback", "--quiet")
    for _ in range(2):
        said = sqitch(issues, project, "deploy")
        assert said.returncode != 0
        assert "not switched: rows in quarantine: 23 of customers, 64 of orders" in said.stderr
        assert rows(issues) == before
        with psycopg.connect(issues, autocommit=True) as connection:
            assert done(connection, STEPS) == NAMES[:-2]
        take(project, issues, "deploy", "--verify", options="-c migration.accept_quarantine=99")
        take(project, issues, "verify")
        assert rows(issues) == cents
        with psycopg.connect(issues, autocommit=True) as connection:
            assert done(connection, STEPS) == NAMES[:-1]
        assert _without_registry(shape(server, issues)) == _without_registry(ours)
        take(project, issues, "revert", "-y")
        assert rows(issues) == before
    with psycopg.connect(issues, autocommit=True) as connection:
        connection.execute("drop schema sqitch cascade")
    assert shape(server, issues) == dumped


def _without_registry(text: str) -> str:
    """A dump without Sqitch's objects."""
    parts = re.split(r"\n(?=--\n-- Name: )", text)
    return "\n".join(part for part in parts if "Schema: sqitch" not in part and "Name: SCHEMA sqitch" not in part
                     and "Name: sqitch" not in part)  # fmt: skip


def test_contract_is_a_project_of_its_own(sample: str, project: Path) -> None:
    take(project, sample, "deploy")
    # the comparison before the switch says nothing of the time since
    assert "since the switch" in sqitch(sample, project / CONTRACT, "deploy").stderr
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table migration.customers disable trigger migration_update")
        connection.execute("update migration.customers set customer_name = customer_name || '!' where customer_id = 1")
        assert "the sides differ: customers" in psql(sample, project / "deploy" / "verify.sql").stderr
        assert "since the switch" in sqitch(sample, project / CONTRACT, "deploy").stderr
        connection.execute("alter table migration.customers enable always trigger migration_update")
        connection.execute("select migration.copy_customers_to_new('{1}')")
        compare_again(sample)
        connection.execute("update migration.step set done_at = done_at - interval '1 day'")
        assert "within the last day" in sqitch(sample, project / CONTRACT, "deploy").stderr
    compare_again(sample)
    take(project / CONTRACT, sample, "deploy", "--verify")
    with psycopg.connect(sample, autocommit=True) as connection:
        assert done(connection, STEPS) == NAMES
