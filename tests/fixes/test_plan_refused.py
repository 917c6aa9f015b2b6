"""Runs that are refused before the first change: a second run, missing rights, keys, columns or values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fix_plan_text import plan_text
from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.database.server import Server
from order_audit.errors import RefusalError
from order_audit.expectations import load
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import LEAVE, fixes
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from order_audit.session import LOCK
from tests.fixes.planned import rows
from tests.support import program, servers

RULES = load("current").rules
FIXES = fixes(RULES)
RECOMMENDED = {id: fix.recommended for id, fix in FIXES.items()}


@pytest.fixture
def connection(issues: str) -> Iterator[psycopg.Connection]:
    """A connection to it in autocommit mode."""
    with psycopg.connect(issues, autocommit=True) as made:
        yield made


@pytest.mark.both_versions
def test_one_run_at_a_time(issues: str, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.session._LOCK_TRIES", 3)
    with psycopg.connect(issues, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(RefusalError, match="another run"):
            apply(connection, RULES, FIXES, {}, None, Throttle())
    # files that are run by psql take the same lock
    with psycopg.connect(issues, autocommit=True) as other:
        install(other, TARGET)
        other.execute("call order_audit.enter()")
        with pytest.raises(RefusalError, match="another run"):
            apply(connection, RULES, FIXES, {}, None, Throttle())


@pytest.mark.both_versions
def test_missing_rights_are_refused_before_the_first_change(connection: psycopg.Connection) -> None:
    connection.execute("drop role if exists mender")
    connection.execute("create role mender")
    try:
        before = rows(connection)
        for grant, said in (
            (None, "may not select orders|may not select customers"),
            ("grant select on orders, customers to mender", "may not (update|delete)"),
            ("grant update, delete on orders, customers to mender", "may not create the schema order_audit"),
        ):
            if grant:
                connection.execute(grant.encode())
            connection.execute("set role mender")
            with pytest.raises(RefusalError, match=said):
                apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
            connection.execute("reset role")
        connection.execute("set default_transaction_read_only = on")
        with pytest.raises(RefusalError, match="may only read"):
            apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle())
        connection.execute("reset default_transaction_read_only")
        assert rows(connection) == before
    finally:
        connection.execute("reset role")
        connection.execute("drop owned by mender")
        connection.execute("drop role mender")


@pytest.mark.parametrize(
    ("rule", "choice", "column"),
    [
        ("orders.delivery_args_need_script", "clear_args", "delivery_script_args"),
        ("orders.delivery_args_are_object", "clear_args", "delivery_script_args"),
        ("orders.script_name_is_identifier", "clear_script", "delivery_script_name"),
    ],
)
def test_what_must_have_a_value_is_not_taken_away(
    connection: psycopg.Connection, tmp_path: Path, rule: str, choice: str, column: str
) -> None:
    connection.execute("update orders set delivery_script_args = coalesce(delivery_script_args, '{}'),"
                       " delivery_script_name = coalesce(delivery_script_name, 'crm')")  # fmt: skip
    connection.execute(f"alter table orders alter {column} set not null".encode())
    before = rows(connection)
    said = f"{choice} sets orders.{column} to NULL, which is NOT NULL: choose another option, or drop the constraint"
    made = plan(connection, RULES, FIXES, {rule: choice})
    step = next(step for step in made.steps if step.fix.rule.id == rule)
    assert (step.problem, step.choice, step.changed) == (said, LEAVE, 0)
    # what has one right answer, and the other options, are none the worse for it
    if step.fix.automatic:
        assert step.automatic
    assert [offer.option.name for offer in step.offers if not offer.obstacle and offer.rows] == [
        option.name for option in step.fix.options if option.name != choice
    ]
    # the message comes before any decision
    alone = {rule: FIXES[rule]}
    undecided = plan(connection, RULES, alone, {})
    assert f"{rule}: {said}" in plan_text(undecided)
    if len(step.fix.options) > 1:
        assert said in " ".join(decisions_toml(undecided, {}).replace("\n#", "").split())
    with pytest.raises(RefusalError, match=f"{rule}: {choice} sets"):
        apply(connection, RULES, alone, {rule: choice}, None, Throttle())
    assert rows(connection) == before
    emitted = emit(connection, alone, {rule: choice}, tmp_path / "mend")
    # nor are they in files
    left_out = {name: why for name, why in emitted.left_out.items() if name.split()[0] == rule}
    assert left_out == ({f"{rule} {choice}": said} if step.fix.automatic else {rule: said})
    assert (rule in emitted.changes) == bool(step.fix.automatic)
    if step.fix.automatic:
        assert emitted.rows[rule] == step.automatic
        assert f"{choice} (chosen)" not in (tmp_path / "mend" / "deploy" / f"{rule}.sql").read_text(encoding="utf-8")


def test_tables_without_a_key_are_refused(connection: psycopg.Connection, tmp_path: Path) -> None:
    """By the program, and by files, which would change all rows of one key."""
    connection.execute("alter table orders drop constraint orders_pkey")
    said = r"\.sql:\d+: 'update orders by order_id': order_id is not unique in orders"
    with pytest.raises(RefusalError, match=said):
        plan(connection, RULES, FIXES, {})
    with pytest.raises(RefusalError, match=said):
        apply(connection, RULES, FIXES, {}, None, Throttle())
    with pytest.raises(RefusalError, match=said):
        emit(connection, FIXES, {}, tmp_path / "mend")
    assert not (tmp_path / "mend").exists()
    assert emit(connection, {"customers.state_is_usps_code": FIXES["customers.state_is_usps_code"]}, {},
                tmp_path / "mend", guards=False).changes  # fmt: skip


def test_what_cannot_be_put_back_is_refused(issues: str) -> None:
    """Of rules that were never applied, or a table that is gone; twice is the same as once."""

    def order_audit(*words: str) -> tuple[int, str]:
        done = program.order_audit("fixes", *words, "--quiet", DATABASE_URL=issues)
        return done.returncode, done.stdout + done.stderr

    state, clean = "customers.state_is_usps_code", "customers.text_is_clean"
    assert order_audit("revert", "--rule", state) == (
        2, f"order-audit: no fix of {state} is applied: the schema order_audit does not exist\n"
    )  # fmt: skip
    assert order_audit("apply", "--no-guards")[0] == 0
    assert order_audit("revert", "--rule", "no.such")[0] == 2
    assert order_audit("revert", "--rule", state)[0] == 0
    assert order_audit("revert", "--rule", state) == (0, "no fix is applied\n")
    with psycopg.connect(issues) as connection:
        connection.execute("alter table customers rename to kept")
    code, said = order_audit("revert", "--rule", clean)
    assert (code, "customers does not exist any more" in said) == (3, True)


@pytest.mark.parametrize(
    ("lacking", "left_out"),
    [
        ("alter table orders drop column delivery_script_args", "orders.delivery_args_hold_no_secret"),
        (
            "alter table orders drop column order_amount; alter table orders add order_amount int"
            " generated always as (-5) stored",
            "orders.amount_is_not_negative",
        ),
        ("alter table orders rename to orders_of_old", "customers.no_duplicate"),
    ],
    ids=["column", "generated", "table"],
)
def test_fixes_that_the_tables_have_no_room_for_are_left_out(server_18: Server, lacking: str, left_out: str) -> None:
    # of the fixes before it, none may be applied only for the run to fail half-way
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(lacking.encode())
        made = plan(connection, RULES, FIXES, RECOMMENDED | {left_out: FIXES[left_out].options[0].name})
        assert left_out in {step.fix.rule.id for step in made.steps if step.problem}
        foretold = {step.fix.rule.id: step.automatic + step.changed for step in made.steps}
        choices = RECOMMENDED | {left_out: FIXES[left_out].options[0].name}
        rehearsed = rehearse(connection, RULES, FIXES, choices, Throttle())
        done = apply(connection, RULES, FIXES, choices, None, Throttle(), guarding=True)
        assert left_out in done.unable
        assert rehearsed.unable == done.unable
        changed: dict[str, int] = {}
        for rule, _, became in done.done:
            changed[rule] = changed.get(rule, 0) + became.changed
        assert {rule: rows for rule, rows in changed.items() if rows} == {
            rule: rows for rule, rows in foretold.items() if rows
        }
        assert f"skipped {left_out}: " in " ".join(applied_text(done, rehearsed=False).split())
        assert f"✗ {left_out}: " in plan_text(made)
    servers.drop_database(server_18, dsn)


def test_a_guard_that_this_server_cannot_have_is_told_and_the_others_are_made(server_18: Server) -> None:
    dsn = servers.new_database(server_18, "sample")
    with psycopg.connect(dsn, autocommit=True) as connection:
        # a cast of it to text is not immutable, so that no index may have it for a condition
        connection.execute(
            "create type status as enum ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated');"
            "alter table orders drop constraint chk_status, alter order_status drop default;"
            "alter table orders alter order_status type status using order_status::status"
        )
        done = apply(connection, RULES, FIXES, RECOMMENDED, None, Throttle(), guarding=True)
        assert "IMMUTABLE" in str(done.guard_errors["one_live_order"])
        assert {"status_is_known", "text_is_normalised"} <= {*done.installed}
    servers.drop_database(server_18, dsn)
