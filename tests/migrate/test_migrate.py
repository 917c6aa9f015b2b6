"""The way to the proposed schema: each step, back again, and what becomes of rows that do not fit."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.quarantine import quarantine
from order_audit.scenario.migrate.steps import CONTRACT, done, steps
from order_audit.scenario.migrate.verify import verify
from order_audit.session import LOCK
from tests.fixes.test_emit import sqitch
from tests.support import servers, soak
from tests.support.program import order_audit

STEPS = steps(PROPOSED)
NAMES = [step.name for step in STEPS]


def migrate(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command; gives what it said on both streams."""
    done = order_audit("migrate", *words, "--dsn", dsn)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def audited(dsn: str, out: Path) -> None:
    """Audit a database; `out` has what was found."""
    words = ("--dsn", dsn, "--out", str(out), "--format", "violations,json", "--fail-on", "never", "--quiet")
    done = order_audit("run", *words)
    assert done.returncode == 0, done.stderr


def shape(server: Server, dsn: str) -> str:
    """The schema as pg_dump writes it, but for what it draws at random."""
    said = subprocess.run(
        [server.bin / "pg_dump", "--schema-only", dsn], capture_output=True, text=True, check=True
    ).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", said, flags=re.MULTILINE)


def rows(dsn: str) -> dict[str, list[str]]:
    """Both tables as old applications read them, value by value. Minus zero is zero."""
    found = {}
    with psycopg.connect(dsn) as connection:
        for table, key in (("customers", "customer_id"), ("orders", "order_id")):
            lines = connection.execute(f"select t::text from public.{table} as t order by {key}".encode())
            found[table] = [line.replace(",-0)", ",0)") for (line,) in lines]
    return found


@pytest.mark.both_versions
def test_everything_is_seen_and_equal_all_the_way(issues: str, server: Server) -> None:
    before, dumped = rows(issues), shape(server, issues)
    foreseen = migrate(issues, "plan", "--quiet")
    assert (rows(issues), shape(server, issues)) == (before, dumped)
    for step in NAMES[:-1]:
        migrate(issues, "run", "--to", step, "--quiet")
        assert rows(issues) == before, step
    assert "both sides are equal" in migrate(issues, "verify", "--quiet")
    # what was foreseen is what is there now
    there = migrate(issues, "plan", "--quiet")
    assert foreseen.split("\n\n")[1].replace("would stay", "stays") == there.split("\n\n")[1]
    with psycopg.connect(issues) as connection:
        kinds = connection.execute(
            "select relkind from pg_class where oid in ('public.orders'::regclass, 'public.customers'::regclass)"
        ).fetchall()
    assert kinds == [("v",), ("v",)]
    assert "nothing to do" in migrate(issues, "run", "--quiet")
    assert "cannot hold some rows" in migrate(issues, "contract", "--drop-old-tables", "--quiet", code=3)
    migrate(issues, "rollback", "--quiet")
    assert (rows(issues), shape(server, issues)) == (before, dumped)
    assert "nothing to take back" in migrate(issues, "rollback", "--quiet")


def test_every_reason_is_a_violation_that_the_audit_finds(issues: str, tmp_path: Path) -> None:
    audited(issues, tmp_path)
    found = {tuple(line.split(",", 1)) for line in (tmp_path / "violations.csv").read_text().splitlines()[1:]}
    migrate(issues, "run", "--to", "backfill", "--quiet")
    with psycopg.connect(issues) as connection:
        lines = connection.execute(
            "select customer_id, unnest(reasons) from migration.quarantined_customer"
            " union all select order_id, unnest(reasons) from migration.quarantined_order"
        ).fetchall()
    assert lines
    for key, reason in lines:
        if "." in reason:
            assert (reason, str(key)) in found, (key, reason)
        else:
            assert re.fullmatch(r"(customer|its first ancestor) \d+ is in quarantine", reason), reason


def test_the_audit_finds_the_same_in_tables_and_views(issues: str, tmp_path: Path) -> None:
    found = []
    for step in ("", "switch"):
        if step:
            migrate(issues, "run", "--quiet")
        folder = tmp_path / f"after {step}"
        audited(issues, folder)
        found.append((folder / "violations.csv").read_bytes())
    assert found[0] == found[1]
    assert found[0].count(b"\n") > 100


@pytest.mark.parametrize("step", NAMES[:-1])
@pytest.mark.both_versions
def test_rollback_gives_back_the_schema_with_every_write(sample: str, server: Server, step: str) -> None:
    dumped = shape(server, sample)
    migrate(sample, "run", "--to", step, "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("insert into orders (order_ref, customer_id, order_amount) values (1001, 1, 5)")
        connection.execute("update customers set customer_email = 'not an address' where customer_id = 5")
        connection.execute("delete from orders where order_id = 1010")
        if step in ("backfill", "verify", "switch"):
            connection.execute("insert into sales.ledger_entries (customer_id, amount) values (2, 12.5)")
            connection.execute("update sales.orders set order_status = 'cancelled' where order_id = 1009")
    before = rows(sample)
    migrate(sample, "rollback", "--quiet")
    assert shape(server, sample) == dumped
    assert rows(sample) == before
    assert len(before["orders"]) == 10


@pytest.mark.parametrize("step", ["", *NAMES[:-2]])
def test_what_was_taken_back_can_be_taken_again(sample: str, step: str) -> None:
    """From any step on, after writes that the new side did not see."""
    migrate(sample, "run", "--quiet")
    migrate(sample, "rollback", *(["--to", step] if step else []), "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update orders set order_amount = 41 where order_id = 1001")
        connection.execute("delete from orders where order_id = 1009")
        connection.execute("update customers set customer_balance = 99.5 where customer_id = 2")
        connection.execute("update customers set customer_email = 'a' where customer_id = 4")
        before = rows(sample)
        migrate(sample, "run", "--quiet")
        assert rows(sample) == before
        assert "equal" in migrate(sample, "verify", "--quiet")
        # both directions are at work again
        connection.execute("update sales.orders set amount = 42 where order_id = 1001")
        connection.execute("update sales.contacts set phone = '+1 1' where customer_id = 2")
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (2, 0.5)")
        connection.execute("update orders set order_status = 'paused' where order_id = 1001")
        for table in ("orders", "migration.orders"):
            row = connection.execute(f"select order_amount, order_status from {table} where order_id = 1001".encode())
            assert row.fetchone() == (42, "paused")
        assert connection.execute(
            "select customer_balance, customer_phone from migration.customers where customer_id = 2"
        ).fetchone() == (100, "+1 1")
        assert "equal" in migrate(sample, "verify", "--quiet")


def test_tables_that_refer_to_the_new_ones_keep_nobody_from_going_back(sample: str) -> None:
    migrate(sample, "run", "--to", "verify", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("create table visits (order_id bigint references sales.orders)")
        connection.execute("insert into visits values (1001)")
        before = rows(sample)
        migrate(sample, "rollback", "--to", "prepare", "--quiet")
        assert "out of date" in migrate(sample, "run", "--quiet", code=3)
        migrate(sample, "rollback", "--quiet")
        assert rows(sample) == before
        assert connection.execute("select * from visits").fetchall() == [(1001,)]
        migrate(sample, "run", "--quiet")


@pytest.mark.both_versions
def test_after_the_contract_old_applications_go_on(sample: str) -> None:
    before = rows(sample)
    migrate(sample, "run", "--quiet")
    assert "--drop-old-tables" in migrate(sample, "contract", "--quiet", code=2)
    migrate(sample, "contract", "--drop-old-tables", "--quiet")
    assert rows(sample) == before
    assert "gone already" in migrate(sample, "contract", "--drop-old-tables", "--quiet")
    assert "the old tables are gone" in migrate(sample, "rollback", "--quiet", code=3)
    assert "the old tables are gone" in migrate(sample, "verify", "--quiet", code=3)
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
        row = connection.execute("select args::text from sales.order_deliveries where order_id = 1011").fetchone()
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
    migrate(sample, "run", "--quiet")
    with psycopg.connect(sample) as connection:
        assert [(it.reason, it.keys) for it in quarantine(connection)] == [
            ("lineage.order_ref_is_first_ancestor", (2002,))
        ]
    migrate(sample, "rollback", "--to", "verify", "--quiet")  # fixes write to tables
    applied = order_audit("fixes", "apply", "--dsn", sample, "--no-guards", "--quiet")
    assert applied.returncode == 0, applied.stderr
    with psycopg.connect(sample) as connection:
        assert quarantine(connection) == []
    migrate(sample, "run", "--quiet")
    migrate(sample, "contract", "--drop-old-tables", "--quiet")
    with psycopg.connect(sample) as connection:
        found = connection.execute("select order_ref from orders where order_id = 2002").fetchone()
    assert found == (1001,)


def test_fixes_let_rows_out_of_quarantine(issues: str, tmp_path: Path) -> None:
    migrate(issues, "run", "--to", "verify", "--quiet")
    with psycopg.connect(issues) as connection:
        before = {(it.table, it.reason): it.rows for it in quarantine(connection)}
    applied = order_audit("fixes", "apply", "--dsn", issues, "--accept-recommended", "--no-guards", "--quiet")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    migrate(issues, "run", "--to", "switch", "--quiet")
    migrate(issues, "rollback", "--to", "backfill", "--quiet")
    migrate(issues, "run", "--quiet")
    assert "both sides are equal" in migrate(issues, "verify", "--quiet")
    with psycopg.connect(issues) as connection:
        after = {(it.table, it.reason): it.rows for it in quarantine(connection)}
    assert sum(after.values()) < sum(before.values())
    audited(issues, tmp_path)
    left = {line.split(",")[0] for line in (tmp_path / "violations.csv").read_text().splitlines()[1:]}
    # what is still there is what no fix has put right
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


SIDES = [
    ("customers", 3, "update migration.old_customers set {} where customer_id = 3", [
        "customer_name = 'x'", "customer_email = 'x@example.com'", "customer_contact_name = 'x'",
        "customer_phone = null",
        "address = 'x'", "address_state = 'AK'", "customer_balance = 500.01"]),
    ("orders", 1009, "update migration.old_orders set {} where order_id = 1009", [
        "order_ref = 1001", "customer_id = 1", "order_schedule = repeat('10', 168)::bit(336)",
        "delivery_script_name = null", """delivery_script_args = '{"a": 1}'""", "order_amount = 1",
        "order_status = 'paused'"]),
    ("customers", 3, "update sales.customers set {} where customer_id = 3", ["name = 'x'"]),
    ("customers", 3, "update sales.contacts set {} where customer_id = 3", [
        "name = 'x'", "email = 'x@example.com'", "phone = '1'", "is_main = false"]),
    ("customers", 3, "update sales.addresses set {} where customer_id = 3", [
        "street = 'x'", "state_code = 'AK'", "is_main = false"]),
    ("orders", 1009, "update sales.orders set {} where order_id = 1009", [
        "schedule_id = null, order_status = 'paused'", "amount = 1", "order_status = 'paused'"]),
    ("orders", 1010, "update sales.order_deliveries set {} where order_id = 1010", [
        "script_name = 'bulk_delivery', checked_as = 'anything'", """args = '{"email_address": "x@example.com"}'"""]),
    ("orders", 1002, "update sales_private.delivery_originals set {} where order_id = 1002", ["args_text = '{}'"]),
    ("orders", 1002, "update sales_private.delivery_secrets set {} where order_id = 1002", ["secret = 'x'"]),
    ("schedules", 1, "update sales_old.schedule_bits set {} where schedule_id = 1", ["bits = repeat('10', 168)"]),
    ("orders", 1003, "delete from migration.old_orders where order_id = 1003{}", [""]),
    ("orders", 1003, "delete from sales.orders where order_id = 1003{}", [""]),
]  # fmt: skip


@pytest.mark.both_versions
def test_verify_names_the_row_of_any_value_that_was_changed(sample: str) -> None:
    migrate(sample, "run", "--to", "verify", "--quiet")
    with psycopg.connect(sample) as connection:
        for table, key, statement, changes in SIDES:
            for change in changes:
                # past every trigger, as nothing but an owner with bad intentions can
                connection.execute(
                    "alter table orders disable trigger user; alter table customers disable trigger user;"
                    "alter table sales.orders disable trigger user; alter table sales.customers disable trigger user;"
                    "alter table sales.contacts disable trigger user; alter table sales.addresses disable trigger user;"
                    "alter table sales.order_deliveries disable trigger user;"
                    "alter table orders disable trigger all; set constraints all deferred"
                )
                connection.execute(statement.format(change).encode())
                found = connection.execute(
                    "select what, r.id from (values ('customers'), ('orders')) as w (what)"
                    " cross join lateral migration.differing_ranges(what, 10000) as d"
                    " cross join lateral migration.differing_rows(what, d.first_id, d.last_id) as r"
                    " union all select 'schedules', schedule_id from migration.differing_schedules"
                ).fetchall()
                assert (table, key) in found, (statement, change)
                connection.rollback()
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table sales.orders disable trigger to_old")
        connection.execute("update sales.orders set amount = 1 where order_id = 1009")
        connection.execute("alter table sales.orders enable always trigger to_old")
        assert [(it.table, it.key) for it in verify(connection, lambda *_: None).differences] == [("orders", 1009)]
    said = migrate(sample, "verify", "--quiet", code=1)
    assert "orders 1009: other values" in said
    assert "orders 1009: other values" in migrate(sample, "rollback", "--to", "backfill", "--quiet") + migrate(
        sample, "run", "--quiet", code=1
    )


def test_verify_sees_rows_that_a_check_would_hide(sample: str) -> None:
    """A CHECK says nothing of rows that came in before its function was replaced, and the planner believes it."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "create function most() returns integer language sql immutable as $$ select 100000 $$;"
            "alter table orders add check (order_id < most());"
            "create or replace function most() returns integer language sql immutable as $$ select 0 $$"
        )
        migrate(sample, "run", "--to", "backfill", "--quiet")
        assert verify(connection, lambda *_: None).equal
        connection.execute("alter table sales.orders disable trigger to_old")
        connection.execute("update sales.orders set amount = 1 where order_id = 1009")
        connection.execute("alter table sales.orders enable always trigger to_old")
        assert [(it.key, it.difference) for it in verify(connection, lambda *_: None).differences] == [
            (1009, "other values")
        ]


def test_what_merge_writes_is_on_both_sides(sample: str) -> None:
    """It fires the triggers of all its actions, whether they found a row or not."""
    migrate(sample, "run", "--to", "backfill", "--quiet")
    merges = (
        """
        merge into customers as c
        using (values (1, 'Changed', 10), (901, 'New', 7.25), (902, 'Other', 9)) as s (id, name, balance)
          on c.customer_id = s.id
        when matched then update set customer_name = s.name, customer_balance = s.balance
        when not matched then insert
          (customer_id, customer_name, customer_email, customer_contact_name, address, address_state, customer_balance)
          values (s.id, s.name, s.name || '@new.example', 'Ann', '1 Main Street', 'CA', s.balance)
        """,
        """
        merge into orders as o
        using (values (1009, 'update'), (9001, 'insert'), (9002, 'insert')) as s (id, what) on o.order_id = s.id
        when matched and s.what = 'delete' then delete
        when matched then update set order_amount = o.order_amount + 3
        when not matched then insert (order_id, order_ref, customer_id, order_amount) values (s.id, s.id, 901, 12)
        """,
        """
        merge into orders as o
        using (values (9001, 'update'), (9002, 'delete'), (9003, 'insert')) as s (id, what) on o.order_id = s.id
        when matched and s.what = 'delete' then delete
        when matched then update set order_status = 'expired', order_amount = 1
        when not matched then insert (order_id, order_ref, customer_id, order_amount) values (s.id, s.id, 901, 5)
        """,
        # none of its actions has a row
        """
        merge into orders as o using (values (-5)) as s (id) on o.order_id = s.id
        when matched and s.id = 0 then update set order_amount = 0
        when matched then delete
        when not matched and s.id = 0 then insert (order_id, order_ref, customer_id) values (s.id, s.id, 901)
        """,
    )
    with psycopg.connect(sample, autocommit=True) as connection:
        for merge in merges:
            connection.execute(merge.encode())
            assert verify(connection, lambda *_: None).equal
        assert connection.execute(
            "select order_id, amount, order_status from sales.orders where order_id > 9000 order by 1"
        ).fetchall() == [(9001, 1, "expired"), (9003, 5, "pending")]
        assert connection.execute(
            "select customer_id, name, balance from sales.customers where customer_id in (1, 901, 902) order by 1"
        ).fetchall() == [(1, "Changed", 10), (901, "New", Decimal("7.25")), (902, "Other", 9)]


def test_a_backfill_locks_its_own_rows_alone(sample: str) -> None:
    migrate(sample, "run", "--to", "synchronise", "--quiet")
    with psycopg.connect(sample, autocommit=True) as one, psycopg.connect(sample, autocommit=True) as other:
        ids = [id for (id,) in one.execute("select customer_id from customers order by 1")]
        with one.transaction():
            row = one.execute("select * from migration.backfill('customers', %s, 2)", [ids[0]]).fetchone()
            assert row == (ids[2], 2, 0)
            free = other.execute("select customer_id from customers order by 1 for update skip locked").fetchall()
            assert [id for (id,) in free] == [ids[0], *ids[3:]]


@pytest.mark.parametrize(
    ("statement", "table", "difference"),
    [
        ("update sales.ledger_entries set balance_before = 1, amount = balance_after - 1 where customer_id = 3"
         " and entry_number = 2", "customers", "entry 2 does not begin"),
        ("update sales.ledger_entries set amount = amount + 1 where customer_id = 3 and entry_number = 1",
         "customers", "entry 1 does not begin"),
        ("update sales.ledger_entries set amount = amount + 1, balance_after = balance_after + 1 where customer_id = 3"
         " and entry_number = 2", "customers", "another balance"),
        ("delete from sales.ledger_entries where customer_id = 3 and entry_number = 2", "customers", "another balance"),
        ("insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)"
         " select customer_id, 3, balance_after, 1, balance_after + 1 from sales.ledger_entries where customer_id = 3"
         " and entry_number = 2", "customers", "entry 3 is none"),
        ("update sales.order_status_changes set status_after = 'expired' where order_id = 1009 and change_number = 1",
         "orders", "change 2 of its status"),
        ("update sales.order_status_changes set status_after = 'expired' where order_id = 1009 and change_number = 2",
         "orders", "last change"),
        ("delete from sales.order_status_changes where order_id = 1009 and change_number = 1", "orders", "change 2"),
        ("update sales.recreations set balance = 0", "orders", "recreation"),
        ("update sales.recreations set predecessor_id = 1010", "orders", "recreation"),
        ("update sales.recreations set first_ancestor_id = 1010", "orders", "recreation"),
        ("delete from sales.recreations", "orders", "recreation"),
        ("insert into sales_private.delivery_secrets (order_id, secret) values (1009, 'x')",
         "orders", "of no delivery"),
        ("delete from sales.order_deliveries where order_id = 1010", "orders", "no delivery"),
    ],
)  # fmt: skip
def test_verify_holds_what_only_the_new_tables_know_against_itself(
    sample: str, statement: str, table: str, difference: str
) -> None:
    migrate(sample, "run", "--to", "backfill", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "update customers set customer_balance = customer_balance + 1 where customer_id = 3;"
            "update orders set order_status = 'pending' where order_id = 1009;"
            "update orders set order_status = 'paused' where order_id = 1009;"
            "update orders set order_ref = order_id, order_status = 'active' where order_id = 1001;"
            "update customers set customer_balance = 1000 where customer_id ="
            " (select customer_id from orders where order_id = 1001)"
        )
        assert connection.execute("select sales.recreate(1001)").fetchone() != (None,)
        assert verify(connection, lambda *_: None).equal
        connection.execute("set session_replication_role = replica")
        connection.execute("alter table sales.recreations drop constraint recreations_balance_covers_amount")
        for name in ("sales.ledger_entries", "sales.orders", "sales.order_deliveries"):
            connection.execute(f"alter table {name} disable trigger user".encode())
        if "entry_number = 1" in statement:
            connection.execute("alter table sales.ledger_entries drop constraint ledger_entries_check")
        assert connection.execute(statement.encode()).rowcount
        found = [(it.table, it.difference) for it in verify(connection, lambda *_: None).differences]
        assert any(it == table and difference in said for it, said in found), found


@pytest.mark.both_versions
def test_refusals_say_what_to_do(sample: str) -> None:
    dsn = sample
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create role passer_by login")
        try:
            reader = psycopg.conninfo.make_conninfo(dsn, user="passer_by")
            assert "does not own the tables" in migrate(reader, "run", "--quiet", code=3)
            read_only = psycopg.conninfo.make_conninfo(dsn, options="-c default_transaction_read_only=on")
            assert "may only read" in migrate(read_only, "run", "--quiet", code=3)
            assert "there is no step" in migrate(dsn, "run", "--to", "nowhere", code=2)
            connection.execute("create schema sales")
            assert "name already: sales" in migrate(dsn, "run", "--quiet", code=3)
            connection.execute("drop schema sales; alter table orders drop constraint orders_pkey")
            assert "orders.order_id" in migrate(dsn, "run", "--quiet", code=3)
            connection.execute("alter table orders add primary key (order_id)")
            connection.execute("alter table orders enable row level security")
            assert "row-level security" in migrate(dsn, "run", "--quiet", code=3)
            connection.execute("alter table orders disable row level security")
            connection.execute("create table more_orders () inherits (orders)")
            assert "plain tables: orders is something else, or" in migrate(dsn, "run", "--quiet", code=3)
            connection.execute("drop table more_orders; alter table customers rename customer_phone to telephone;"
                               "alter table customers add customer_phone varchar(20)"
                               " generated always as (telephone) stored")  # fmt: skip
            assert "generated column: customers.customer_phone" in migrate(dsn, "run", "--quiet", code=3)
            connection.execute("alter table customers drop customer_phone;"
                               "alter table customers rename telephone to customer_phone")  # fmt: skip
            connection.execute("alter table orders rename to old_orders")
            assert "is for the scenario's tables public.customers and public.orders" in migrate(
                dsn, "run", "--quiet", code=3
            )
            connection.execute("create view orders as select * from old_orders")
            assert "plain tables: orders" in migrate(dsn, "run", "--quiet", code=3)
        finally:
            connection.execute("drop role passer_by")


def test_two_at_a_time_are_one_too_many(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        assert "is at work on this database" in migrate(sample, "run", "--quiet", code=3)
        connection.execute("select pg_advisory_unlock(%s)", [LOCK])
    migrate(sample, "run", "--to", "expand", "--quiet")


def until_written(dsn: str, process: subprocess.Popen[bytes], count: int) -> None:
    """Wait until so many transactions have written, or the process has ended: however fast the machine is."""

    def number() -> int:
        row = connection.execute("select pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return int(row[0])

    with psycopg.connect(dsn, autocommit=True) as connection:
        first = number()
        while process.poll() is None and number() < first + count:
            time.sleep(0.002)


def test_it_may_be_killed_at_any_moment(server: Server, issues: str) -> None:
    """The program is killed again and again, on its way there and on its way back."""
    before, dumped = rows(issues), shape(server, issues)
    random.seed(7)
    half_way = 0
    # the way there takes some 400 transactions, the way back 7
    for words, end, most in ((["run", "--batch-size", "1"], NAMES[:-1], 90), (["rollback"], [], 3)):
        for _ in range(soak.times(8)):
            process = subprocess.Popen(
                [sys.executable, "-m", "order_audit", "migrate", *words, "--dsn", issues, "--quiet"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            until_written(issues, process, random.randint(1, most))
            time.sleep(random.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert rows(issues) == before
            with psycopg.connect(issues, autocommit=True) as connection:
                there = done(connection, STEPS)
            half_way += [] < there < NAMES[:-1]
            if there == end:  # from the beginning again
                migrate(issues, "rollback" if end else "run", "--quiet")
        migrate(issues, *words, "--quiet")
        with psycopg.connect(issues, autocommit=True) as connection:
            assert done(connection, STEPS) == end
    assert half_way > 0
    assert shape(server, issues) == dumped


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the Sqitch projects."""
    shutil.copytree(PROPOSED, tmp_path / "proposed")
    return tmp_path / "proposed"


def take(project: Path, dsn: str, *words: str) -> None:
    """Run Sqitch on a database."""
    said = sqitch(dsn, project, *words)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.both_versions
def test_sqitch_takes_the_same_steps(server: Server, issues: str, project: Path) -> None:
    before, dumped = rows(issues), shape(server, issues)
    migrate(issues, "run", "--quiet")
    ours = shape(server, issues)
    migrate(issues, "rollback", "--quiet")
    for _ in range(2):
        take(project, issues, "deploy", "--verify")
        take(project, issues, "verify")
        assert rows(issues) == before
        with psycopg.connect(issues, autocommit=True) as connection:
            assert done(connection, STEPS) == NAMES[:-1]
        assert _without_registry(shape(server, issues)) == _without_registry(ours)
        take(project, issues, "revert", "-y")
        assert rows(issues) == before
    with psycopg.connect(issues, autocommit=True) as connection:
        connection.execute("drop schema sqitch cascade")
    assert shape(server, issues) == dumped


def _without_registry(text: str) -> str:
    """A dump without what is Sqitch's own."""
    parts = re.split(r"\n(?=--\n-- Name: )", text)
    return "\n".join(part for part in parts if "Schema: sqitch" not in part and "Name: SCHEMA sqitch" not in part
                     and "Name: sqitch" not in part)  # fmt: skip


def test_contract_is_a_project_of_its_own(sample: str, project: Path) -> None:
    take(project, sample, "deploy")
    take(project / CONTRACT, sample, "deploy", "--verify")
    with psycopg.connect(sample, autocommit=True) as connection:
        assert done(connection, STEPS) == NAMES


@pytest.mark.server
@pytest.mark.both_versions
def test_a_server_that_dies_loses_nothing(major: int) -> None:
    """Immediate shutdowns in the midst of the backfill, and of the way back."""
    with servers.running(major) as server:
        dsn = servers.new_database(server)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter system set fsync = on")
            scenario.generate(connection, orders=3000, customers=300, seed=1, defects=0.01)
        before, dumped = rows(dsn), shape(server, dsn)
        for words, counts in ((["run", "--batch-size", "50"], (60, 200, 120)), (["rollback"], (1, 2, 1))):
            for count in counts:
                process = subprocess.Popen(
                    [sys.executable, "-m", "order_audit", "migrate", *words, "--dsn", dsn, "--quiet"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                until_written(dsn, process, count)
                server.stop("immediate")
                assert process.wait(60) in (0, 3)
                server.start()
                assert rows(dsn) == before
            migrate(dsn, *words, "--quiet")
            assert rows(dsn) == before
            if words[0] == "run":
                assert "both sides are equal" in migrate(dsn, "verify", "--quiet")
        assert shape(server, dsn) == dumped
