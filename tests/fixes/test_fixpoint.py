"""Fixes that undo each other's work are stopped, and said to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fix_plan_text import plan_text
from order_audit.audit.cli.fixes_text import applied_text
from order_audit.expectations import Rule, load
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import revert
from order_audit.fixes.engine.status import applied, journal_ranges
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Fix, parse
from order_audit.fixes.planning.fixpoint import MAX_PASSES
from order_audit.fixes.planning.planner import plan
from tests.support.clients import psql

SCHEMA = Path(__file__).parents[2] / "order_audit" / "scenario" / "current" / "schema.sql"
RULE = next(rule for rule in load("current").rules if rule.id == "orders.status_is_known")
#: Each finds what the other makes; the third has nothing to do with them.
MINE = {
    name: replace(RULE, id=f"mine.{name}", suite="mine", sql=f"select o.order_id from orders as o where {where}")
    for name, where in {
        "active": "o.order_status = 'active'",
        "paused": "o.order_status = 'paused'",
        "amount": "o.order_amount < 0",
    }.items()
}
SETS = {"active": "'paused' as order_status", "paused": "'active' as order_status", "amount": "0 as order_amount"}


def _fix(rule: Rule, sets: str) -> Fix:
    text = (
        f"-- automatic: something else\n-- update orders by order_id:\nselect v.order_id, {sets} from violation as v;\n"
    )
    return parse(text, rule, f"{rule.id}.sql")


FIXES = {rule.id: _fix(rule, SETS[name]) for name, rule in MINE.items()}


@pytest.fixture
def database(dsn: str) -> Iterator[psycopg.Connection]:
    """Three active orders that cost less than nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state) values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');"
            "insert into orders (order_id, order_ref, customer_id, order_status, order_amount)"
            " select g, g, 1, 'active', -1 from generate_series(1, 3) as g"
        )
        yield connection


def test_fixes_that_undo_each_other_are_stopped_and_named(database: psycopg.Connection) -> None:
    made = plan(database, [*MINE.values()], FIXES, {})
    done = apply(database, [*MINE.values()], FIXES, {}, None, Throttle())
    changed = {"mine.active": 3 * MAX_PASSES, "mine.paused": 3 * MAX_PASSES, "mine.amount": 3}
    assert {step.fix.rule.id: step.automatic for step in made.steps} == changed
    assert {rule: one.changed for rule, _, one in done.done} == changed
    assert done.not_converging == ("mine.active",)
    said = " ".join(applied_text(done, rehearsed=False).split())
    assert f"after {MAX_PASSES} passes, fixes of mine.active still find rows" in said
    assert f"✗ mine.active: has more to do after {MAX_PASSES} passes" in plan_text(made)
    # each pass is reverted separately
    for rule, first, last, _ in journal_ranges(database, applied(database)):
        revert(database, rule, TARGET, Throttle(), stretch=(first, last))
    assert database.execute("select distinct order_status, order_amount from orders").fetchall() == [("active", -1)]


def test_emitted_files_have_one_turn_and_it_is_told_which_need_another(
    database: psycopg.Connection, dsn: str, tmp_path: Path
) -> None:
    expired = replace(
        MINE["active"], id="mine.expired", sql="select o.order_id from orders as o where o.order_status = 'expired'"
    )
    some = {"mine.expired": _fix(expired, "'paused' as order_status"), "mine.amount": FIXES["mine.amount"]}
    some["mine.last"] = _fix(
        replace(
            MINE["active"], id="mine.last", sql="select o.order_id from orders as o where o.order_status = 'active'"
        ),
        "'expired' as order_status",
    )
    made = emit(database, some, {}, tmp_path, guards=False)
    assert (made.run_again, made.not_converging) == ((("mine.expired", 3),), ())
    deployed = [*made.changes, *(name for name, _ in made.run_again)]
    assert psql(dsn, *(tmp_path / "deploy" / f"{name}.sql" for name in deployed)).returncode == 0
    assert database.execute("select distinct order_status from orders").fetchall() == [("paused",)]
    assert apply(database, [*MINE.values()], some, {}, None, Throttle()).changed == 0


@pytest.mark.both_versions
def test_what_had_two_turns_is_put_back_by_each_file_once(
    database: psycopg.Connection, dsn: str, tmp_path: Path
) -> None:
    """A change stands between two of another rule's on the same rows: the file that comes last puts back all three."""
    database.execute("update orders set order_status = 'expired'")
    states = "select order_id, order_status, order_amount from orders order by 1"
    before = database.execute(states).fetchall()
    one, other = (
        replace(MINE["active"], id=f"mine.{name}", sql=f"select o.order_id from orders as o where {where}")
        for name, where in (
            ("one", "o.order_status = 'expired'"),
            ("other", "o.order_status = 'active' and o.order_amount < 0"),
        )
    )
    some = {
        one.id: _fix(one, "'active' as order_status"),
        other.id: _fix(other, "'expired' as order_status, 0 as order_amount"),
    }
    made = emit(database, some, {}, tmp_path, guards=False)
    assert [name for name, _ in made.run_again] == [one.id]
    assert psql(dsn, *(tmp_path / "deploy" / f"{name}.sql" for name in [*made.changes, one.id])).returncode == 0
    assert database.execute(states).fetchall() == [(id, "active", 0) for id in (1, 2, 3)]
    # another session locks one of them
    database.execute("update orders set order_status = 'paused' where order_id = 2")
    done = psql(dsn, *(tmp_path / "revert" / f"{name}.sql" for name in (other.id, one.id)))
    assert done.returncode == 0, done.stderr
    assert database.execute(states).fetchall() == [before[0], (2, "paused", 0), before[2]]
    database.execute("update orders set order_status = 'active' where order_id = 2")
    done = psql(dsn, *(tmp_path / "revert" / f"{name}.sql" for name in (other.id, one.id, "journal")))
    assert done.returncode == 0, done.stderr
    assert database.execute(states).fetchall() == before


def test_emitted_files_that_undo_each_other_are_named(database: psycopg.Connection, tmp_path: Path) -> None:
    made = emit(database, FIXES, {}, tmp_path, guards=False)
    assert made.not_converging == ("mine.active",)
    assert {name for name, _ in made.run_again} == {"mine.active", "mine.paused"}


@pytest.mark.both_versions
def test_a_fix_has_another_turn_for_what_only_a_query_that_it_is_given_reads(database: psycopg.Connection) -> None:
    one = replace(RULE, sql="select o.order_id from orders as o where o.order_id = 1 and o.order_amount <> 5")
    reads = parse(
        "-- given paused: of these\nselect o.order_id from orders as o where o.order_status = 'paused';\n"
        "-- automatic: something else\n-- update orders by order_id:\n"
        "select v.order_id, 5 as order_amount from violation as v join paused as p on p.order_id = v.order_id;\n",
        one,
        "one.sql",
    )
    some = {one.id: reads, "mine.active": FIXES["mine.active"]}
    done = apply(database, [one, MINE["active"]], some, {}, None, Throttle())
    assert {rule: became.changed for rule, _, became in done.done} == {one.id: 1, "mine.active": 3}
