"""`run --plan-fixes`: the automatic fixes, tried in the audit's snapshot; nothing in the database is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from order_audit.audit.cli.fix_plan_text import plan_text
from order_audit.audit.run import Options
from order_audit.expectations import load
from order_audit.fixes.fix import fixes
from order_audit.fixes.planning.planner import plan
from tests.support.results import run


def planned(dsn: str, out: Path) -> dict[str, Any]:
    """The plan in the result of an audit."""
    made: dict[str, Any] = run(dsn, out, Options(formats=("json",), lint=False, profile=False, plan_fixes=True))[
        "fix_plan"
    ]
    return made


def contents(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """All rows, and the schemas that there are."""
    return connection.execute(
        "select (select md5(string_agg(o::text, '|' order by order_id)) from orders as o),"
        " (select md5(string_agg(c::text, '|' order by customer_id)) from customers as c),"
        " (select string_agg(nspname, ',' order by nspname) from pg_namespace where nspname !~ '^pg_')"
    ).fetchall()


@pytest.mark.both_versions
def test_the_numbers_are_those_of_fixes_plan(issues: str, tmp_path: Path) -> None:
    """Per rule and in sum; examples differ in what is shown of them; the tables stay as they are."""
    rules = load("current").rules
    with psycopg.connect(issues, autocommit=True) as connection:
        before = contents(connection)
        found = planned(issues, tmp_path)
        assert contents(connection) == before
        expected = plan(connection, rules, fixes(rules), {})
    assert "reason" not in found
    assert {it["rule"]: (it["automatic"], it["undecided"], it["remaining"]) for it in found["fixes"]} == {
        step.fix.rule.id: (step.automatic, step.undecided, step.left)
        for step in expected.steps
        if step.found or step.automatic
    }
    assert found["changes"] == sum(step.automatic for step in expected.steps)
    assert found["remaining"] == sum(count or 0 for count in expected.after.values())
    assert found["guards_ready"] == [*expected.guards_ready]
    assert found["guards_ready_then"] == [*expected.guards_ready_then]
    examples = [example for it in found["fixes"] for example in it.get("examples", ())]
    assert {example["table"] for example in examples} == {"customers", "orders"}
    status = next(it for it in found["fixes"] if it["rule"] == "orders.status_is_known")["examples"]
    assert [(it["before"], it["after"]) for it in status] == [({"order_status": "Active "}, {"order_status": "active"})]
    assert "•" in json.dumps(examples, ensure_ascii=False), "values are masked"


def test_a_guard_is_ready_only_with_those_that_it_builds_on(sample: str) -> None:
    """No live order is a duplicate there, but a lineage has several, and one guard needs the other."""
    rules = load("current").rules
    with psycopg.connect(sample, autocommit=True) as connection:
        made = plan(connection, rules, fixes(rules), {})
    for ready, rejecting in (
        (made.guards_ready, {it.guard.name for it in made.guards if it.refuses == 0}),
        (made.guards_ready_then, {it.guard.name for it in made.guards if it.refuses_then == 0}),
    ):
        assert rejecting - {*ready} == {"no_duplicate_live_order"}
    assert "no_duplicate_live_order: builds on one_live_order" in plan_text(made, verbose=True)


@pytest.mark.both_versions
def test_a_role_that_may_make_no_copies_gets_the_reason(issues: str, tmp_path: Path) -> None:
    """The audit goes on without a plan."""
    with psycopg.connect(issues, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute("create role plan_reader login")
        connection.execute("grant select on customers, orders to plan_reader")
        connection.execute(sql.SQL("revoke temporary on database {} from public").format(sql.Identifier(name)))
        try:
            found = planned(psycopg.conninfo.make_conninfo(issues, user="plan_reader"), tmp_path)
        finally:
            connection.execute("drop owned by plan_reader")
            connection.execute("drop role plan_reader")
    assert "fixes" not in found
    assert "permission denied" in found["reason"]
