"""Plans predict the changes, and differences from the review are refused before any change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import verification_text
from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.apply import ReviewError, apply
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import LEAVE, fixes
from order_audit.fixes.planning.decisions import read
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from tests.fixes.planned import decided, decided_on_issues, rows

RULES = load("current").rules
FIXES = fixes(RULES)
RECOMMENDED = {id: fix.recommended for id, fix in FIXES.items()}


@pytest.fixture
def connection(issues: str) -> Iterator[psycopg.Connection]:
    """A connection to it in autocommit mode."""
    with psycopg.connect(issues, autocommit=True) as made:
        yield made


def violations(connection: psycopg.Connection) -> dict[str, set[str]]:
    """The violating keys of each rule that can be judged."""
    found = {}
    for rule in RULES:
        if not any(need.table for need in rule.requires):
            query = f"select v.{rule.key[0]}::text from ({rule.sql}) as v"
            found[rule.id] = {row[0] for row in connection.execute(query.encode())}
    return found


@pytest.mark.both_versions
def test_a_plan_changes_nothing_and_foretells_what_happens(connection: psycopg.Connection) -> None:
    before, found = rows(connection), violations(connection)
    made = plan(connection, RULES, FIXES, RECOMMENDED)
    assert rows(connection) == before
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    assert not [step.problem for step in made.steps if step.problem]
    done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
    changed = {(rule, option): done.changed for rule, option, done in done.done if done.changed}
    foretold = {}
    for step in made.steps:
        if step.automatic:
            foretold[step.fix.rule.id, "automatic"] = step.automatic
        if step.changed:
            foretold[step.fix.rule.id, step.choice] = step.changed
    assert changed == foretold
    after = violations(connection)
    assert {rule: len(keys) for rule, keys in after.items()} == {
        rule: count for rule, count in made.after.items() if count is not None
    }
    new = {rule: keys - found[rule] for rule, keys in after.items() if keys - found[rule]}
    assert {rule: set(keys) for rule, keys in made.new.items()} == new
    # the proof holds, and a second time there is nothing to do
    assert done.verification is not None
    assert done.verification.others == {}
    assert apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle()).changed == 0


def test_the_proof_names_what_others_changed(connection: psycopg.Connection) -> None:
    from order_audit.fixes.engine.checksums import checksums, verify
    from order_audit.fixes.planning.tables import tables

    install(connection, TARGET)
    # which follows another one, and is not a change of a session
    connection.execute("alter table orders add column shown text generated always as (upper(order_status)) stored")
    names = tables(connection, FIXES)
    before = checksums(connection, names)
    apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
    assert verify(before, checksums(connection, names, 0)).others == {}
    for change in (
        "set order_amount = order_amount + 1 where order_id = 1003",
        # the same values in other rows, in other columns, and an empty one where there was none
        """
        set order_amount = extreme.high + extreme.low - order_amount
        from (select min(order_amount) as low, max(order_amount) as high from orders) as extreme
        where order_id in (
          (select min(order_id) from orders where order_amount = low),
          (select min(order_id) from orders where order_amount = high)
        )
        """,
        "set order_ref = order_amount, order_amount = order_ref where order_id = 1003",
        """
        set delivery_script_name = ''
        where order_id = (select min(order_id) from orders where delivery_script_name is null)
        """,
        # what a fix had changed just before
        """
        set order_ref = order_ref + 1
        where order_id = (
          select min(j.key ->> 'order_id')::int from order_audit.journal as j
          where j.tab = 'public.orders' and j.op = 'update' and j.after ? 'order_ref'
        )
        """,
    ):
        with connection.transaction(force_rollback=True):
            assert connection.execute(f"update orders {change}".encode()).rowcount > 0
            assert verify(before, checksums(connection, names, 0)).others == {"orders": [0]}, change
    # a new column would change the hash of each row, and is left out
    with connection.transaction(force_rollback=True):
        connection.execute("alter table orders add column note text default 'new'")
        found = verify(before, checksums(connection, names, 0, before))
        assert found.others == {}
        assert verification_text(found, 1).endswith("changed; meanwhile, orders.note was added (not compared)")
        connection.execute("alter table orders drop column delivery_script_name, alter column order_ref type bigint")
        found = verify(before, checksums(connection, names, 0, before))
        assert found.altered == (
            "orders.order_ref became bigint",
            "orders.note was added (not compared)",
            "orders.delivery_script_name was dropped",
        )
        assert found.document()["changed_columns"] == [*found.altered]
        assert "orders" in found.others


@pytest.mark.both_versions
def test_a_rehearsal_changes_nothing_and_says_what_an_audit_would(connection: psycopg.Connection) -> None:
    before = rows(connection)
    rehearsed = rehearse(connection, RULES, FIXES, RECOMMENDED, Throttle(), guarding=True)
    assert rows(connection) == before
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle(), guarding=True)
    assert rehearsed.changed == done.changed > 0
    # the guards that are said to be possible are, and the others are refused for the same reasons
    assert rehearsed.installed == done.installed != ()
    assert {name: (str(why), why.rows) for name, why in rehearsed.guard_errors.items()} == {
        name: (str(why), why.rows) for name, why in done.guard_errors.items()
    }
    assert {rule: len(keys) for rule, keys in violations(connection).items()} == {
        rule: count for rule, count in rehearsed.after.items() if count is not None
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update orders set order_status = 'Paused' where order_id = 1003", "orders.status_is_known"),
        ("delete from orders where order_id = 2202", "2202 gone"),
        (
            "update orders set order_status = 'PENDING ' where order_id = 2201",
            "orders.status_is_known: 2201 with other values",
        ),
        ("alter table orders add column note text", "other columns of the tables"),
    ],
)
def test_what_is_not_as_it_was_reviewed_is_refused(
    server: Server, connection: psycopg.Connection, tmp_path: Path, change: str, said: str
) -> None:
    decisions = read(decided_on_issues(server, connection, tmp_path), FIXES)
    connection.execute("alter table orders drop constraint if exists chk_status")
    connection.execute(change.encode())
    before = rows(connection)
    with pytest.raises(ReviewError, match=said):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    assert rows(connection) == before


@pytest.mark.parametrize("planned", ["merge", LEAVE])
def test_what_a_chosen_option_would_make_of_rows_is_compared_and_no_other(
    connection: psycopg.Connection, tmp_path: Path, planned: str
) -> None:
    """The rows that the rule finds stay the same, what a merge would make of them does not."""
    rule = "customers.no_duplicate"
    path = tmp_path / "decisions.toml"
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, {rule: planned}), {rule: planned}), encoding="utf-8")
    decisions = read(path, FIXES)
    assert decisions.reviewed[rule].options["merge"].rows
    connection.execute(
        "update customers set customer_balance = customer_balance + 1 where customer_id ="
        f" (select min(v.first_customer_id) from ({FIXES[rule].rule.sql}) as v)".encode()
    )
    with pytest.raises(ReviewError, match=rf"{rule}: \d+ with other values"):
        apply(connection, RULES, FIXES, decisions.choices | {rule: "merge"}, decisions, Throttle())
    assert connection.execute("select to_regnamespace('order_audit')").fetchone() == (None,)
    if planned == LEAVE:
        assert apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle()).changed


def test_of_many_rows_a_fingerprint_is_compared(connection: psycopg.Connection, tmp_path: Path) -> None:
    connection.execute(
        "insert into orders (order_id, order_ref, customer_id, order_status, order_schedule)"
        " select g, g, 1, ' Active', repeat('1', 336)::bit(336) from generate_series(100001, 100150) as g"
    )
    decisions = read(decided(connection, tmp_path), FIXES)
    seen = decisions.reviewed["orders.status_is_known"].found
    assert seen.rows >= 150
    assert not seen.keys
    connection.execute("update orders set order_status = 'Active' where order_id = 100042")
    with pytest.raises(
        ReviewError, match=r"status_is_known: \d+ violations and \d+ rows to change, with other old or new values"
    ):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    connection.execute("update orders set order_status = 'active' where order_id = 100042")
    then = rf"status_is_known: {seen.rows} violations and \d+ rows to change then, {seen.rows - 1} violations"
    with pytest.raises(ReviewError, match=then):
        apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle())
    connection.execute("update orders set order_status = ' Active' where order_id = 100042")
    assert apply(connection, RULES, FIXES, decisions.choices, decisions, Throttle()).changed >= 150
