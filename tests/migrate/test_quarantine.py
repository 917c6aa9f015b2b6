"""Nothing switches silently: rows in quarantine stop the switch, and what new applications lack is printed."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest

from order_audit.audit.cli.quarantine_text import due_lines, quarantine_lines
from order_audit.errors import RunError
from order_audit.expectations import load
from order_audit.fixes.fix import fixes
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.quarantine import quarantine
from order_audit.scenario.migrate.run import QuarantineError
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, done, steps
from order_audit.scenario.migrate.temporary import Temporary, temporary
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import due, verify
from tests.migrate.migrating import migrate, rows
from tests.migrate.steps import back, one, take

STEPS = steps(PROPOSED)[:-1]  # up to the contract
NAMES = [step.name for step in STEPS]
#: Balances with drift, without it, and at the limits of the rule.
BALANCES = (
    "343.00000000000006", "0.30000000000000004", "0.1", "1000.2999999999999", "99.9999990001", "100.0000009",
    "100.000001", "1.005", "-0.0000000001", "-0", "-1", "9999999999999.99", "10000000000000.002", "1e15", "NaN",
    "Infinity",
)  # fmt: skip


@pytest.mark.both_versions
def test_the_switch_stops_for_rows_in_quarantine_and_says_which(issues: str) -> None:
    said = migrate(issues, "run", "--quiet", code=1)
    count = "select (select count(*) from migration.quarantined_{}), (select sum({}) from migration.quarantined_{} {})"
    with psycopg.connect(issues, autocommit=True) as connection:
        assert done(connection, STEPS) == NAMES[: NAMES.index("switch")]
        customers, balances = connection.execute(
            count.format("customer", "old_balance::numeric", "customer", "where abs(old_balance) < 'Infinity'").encode()
        ).fetchone() or (0, 0)
        orders, amounts = connection.execute(count.format("order", "amount", "order", "").encode()).fetchone() or (0, 0)
        held = customers + orders
        assert customers > 10
        assert orders > 10
        assert f"not switched: {held} rows in quarantine, 0 accepted" in said
        assert f"{customers} customers (balances: {balances:,.2f} dollars" in said
        assert f"{orders} orders (amounts: {amounts:,.2f} dollars)" in said
        assert f"--accept-quarantine {held}'" in said
        reasons = connection.execute(
            "select distinct reason from (select unnest(reasons) as reason from migration.quarantined_customer"
            " union all select unnest(reasons) from migration.quarantined_order) as r where reason like '%.%'"
        ).fetchall()
    with psycopg.connect(issues, autocommit=True) as connection, psycopg.connect(issues) as other:
        other.execute("lock table migration.quarantined_customer in access exclusive mode")
        with pytest.raises(
            RunError, match=r"^other sessions have locked rows of customers that .*, in 2 tries: the old"
        ):
            copy_left_over(connection, MigrationThrottle(max_lock_wait_ms=10, max_tries=2))
    known = fixes(load("current").rules)
    for (reason,) in reasons:
        (line,) = re.findall(rf"^  .* {re.escape(reason)}: .*$", said, re.MULTILINE)
        fix = known.get(reason)
        assert ("automatic" in line) == bool(fix and fix.automatic)
        assert ("recommended" in line) == bool(fix and any(it.recommended for it in fix.options))
        # what the automatic fix leaves needs a person, too
        assert ("else by hand" in line) == bool(fix and fix.automatic and not fix.options)
        assert ("fix: by hand" in line) == (not fix or not (fix.automatic or fix.options))
    assert f"{held} rows in quarantine, {held - 1} accepted" in migrate(
        issues, "run", "--quiet", "--accept-quarantine", str(held - 1), code=1
    )
    said = migrate(issues, "run", "--quiet", "--accept-quarantine", str(held))
    assert f"in quarantine: {customers} customers" in said
    assert done_steps(issues) == NAMES[:-1]


def test_a_number_without_the_switch_is_wrong_use(sample: str) -> None:
    said = migrate(sample, "run", "--quiet", "--to", "verify", "--accept-quarantine", "1", code=2)
    assert "--accept-quarantine: only the step 'switch'" in said
    assert done_steps(sample) == []


def done_steps(dsn: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return done(connection, STEPS)


def test_the_file_of_the_switch_counts_by_itself(issues: str) -> None:
    switch = STEPS[NAMES.index("switch")].deploy.encode()
    with psycopg.connect(issues, autocommit=True) as connection:
        take(connection, STEPS, "verify")
        held = quarantine(connection).rows
        for accepted in ("", "0", str(held - 1)):
            connection.execute("select set_config('migration.accept_quarantine', %s, false)", [accepted])
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not switched"):
                connection.execute(switch)
            connection.execute("rollback")
        # a row that comes after the count of the program
        connection.execute("select set_config('migration.accept_quarantine', %s, false)", [str(held)])
        connection.execute(switch)
        assert done(connection, STEPS) == NAMES[:-1]


def test_a_quarantine_that_is_empty_by_then_stops_nothing(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        email = one(sample, "select customer_email from customers where customer_id = 4")
        connection.execute("update customers set customer_email = upper(%s) where customer_id = 5", [email])
        take(connection, STEPS, "verify")
        with pytest.raises(QuarantineError):
            take(connection, STEPS, "switch")
        # the row in quarantine is unchanged, but no longer violates the rule
        connection.execute("update customers set customer_email = 'other@example.com' where customer_id = 4")
        take(connection, STEPS, "switch")
        assert quarantine(connection).rows == 0


def test_backfill_and_triggers_admit_the_same_balances(sample: str) -> None:
    add = (
        "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
        " address_state, customer_balance) values (%s, 'Acme', %s, 'Ann', '1 Main Street', 'CA', %s::float8)"
    )
    known = (
        "select s.customer_id % 1000, s.balance, null from sales.customers as s where s.customer_id / 1000 = {0}"
        " union all select q.customer_id % 1000, null, q.reasons from migration.quarantined_customer as q"
        " where q.customer_id / 1000 = {0} order by 1"
    )
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update customers set customer_balance = 343.00000000000006 where customer_id = 1")
        for number, balance in enumerate(BALANCES):
            connection.execute(add, [1000 + number, f"a{number}@example.com", balance])
        before = rows(sample)
        take(connection, STEPS, "backfill")
        # the backfill changes no old row
        assert rows(sample) == before
        for number, balance in enumerate(BALANCES):
            connection.execute(add, [2000 + number, f"b{number}@example.com", balance])
        copied = connection.execute(known.format(1).encode()).fetchall()
        assert copied == connection.execute(known.format(2).encode()).fetchall()
        admitted = {BALANCES[number]: balance for number, balance, reasons in copied if not reasons}
        assert admitted["343.00000000000006"] == Decimal("343.00")
        assert admitted["-0.0000000001"] == 0
        assert "1.005" not in admitted
        assert "100.000001" not in admitted
        assert "-1" not in admitted
        assert verify(connection, lambda *_: None).equal
        # an old balance with drift takes part in writes of both sides, and of its other columns
        connection.execute("update customers set customer_phone = '1' where customer_id = 1")
        assert one(sample, "select balance from sales.customers where customer_id = 1") == 343
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 7)")
        assert one(sample, "select customer_balance::text from customers where customer_id = 1") == "350"
        assert verify(connection, lambda *_: None).equal


def test_a_rollback_gives_back_drift_that_nobody_wrote(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update customers set customer_balance = 343.00000000000006 where customer_id = 1")
        before = rows(sample)
        take(connection, STEPS, "switch")
        assert one(sample, "select customer_balance::text from customers where customer_id = 1") == "343"
        back(connection, STEPS, "")
        assert rows(sample) == before


@pytest.mark.both_versions
def test_status_counts_the_orders_that_the_nightly_job_would_skip(issues: str) -> None:
    with psycopg.connect(issues, autocommit=True) as connection:
        take(connection, STEPS, "backfill")
        found = due(connection)
        old = connection.execute(
            "select o.order_id from orders as o join customers as c using (customer_id)"
            " where o.order_status in ('pending', 'active', 'paused') and c.customer_balance > o.order_amount"
            " and not exists (select from orders as l where l.order_ref = o.order_ref and l.order_id > o.order_id)"
        ).fetchall()
        new = connection.execute("select order_id from sales.orders_due").fetchall()
        assert (found.old, found.new) == (len(old), len(new))
        skipped = {id for (id,) in old} - {id for (id,) in new}
        assert sum(it.orders for it in found.reasons if it.by == "old") == len(skipped) > 10
        assert {key for it in found.reasons if it.by == "old" for key in it.keys} <= skipped
        assert sum(it.orders for it in found.reasons if "by drift only" in it.why) == 1
        said = migrate(issues, "status")
        for line in [*due_lines(found), *quarantine_lines(quarantine(connection), "are")]:
            assert line in said
        assert f"{len(old)} orders due by the old schema, {len(new)} by the new one" in said
        assert f"the new job would skip {len(skipped)}" in said
        # of this day: what is left to do, and what is done
        assert f": {len(new)} orders due and not yet recreated, 0 recreated" in said
        assert "copied on this day" in said
        connection.execute("call sales.recreate_due()")
        connection.execute("update migration.step set done_at = done_at - interval '1 day' where name = 'backfill'")
        said = migrate(issues, "status")
        assert f": 0 orders due and not yet recreated, {len(new)} recreated" in said
        assert "copied on this day" not in said


def test_temporary_objects_end_with_contract_or_retire(sample: str) -> None:
    def names(found: list[Temporary], step: str) -> set[tuple[str, str]]:
        return {(it.kind, re.sub(r" \(\d+\)", "", name)) for it in found if it.dropped_by == step for name in it.names}

    with psycopg.connect(sample, autocommit=True) as connection:
        assert temporary(connection) == []
        take(connection, STEPS, "synchronise")
        assert ("triggers on", "public.orders") in names(temporary(connection), CONTRACT)
        take(connection, STEPS, "switch")
        before = temporary(connection)
        assert {("old table", "migration.customers"), ("schema", "migration")} <= names(before, CONTRACT)
        assert "temporary: 'contract' drops" in migrate(sample, "status")
        take(connection, STEPS, CONTRACT)
        after = temporary(connection)
        assert names(after, CONTRACT) == set()
        assert names(before, RETIRE) <= names(after, RETIRE)
        assert ("constraint", "orders_fit_old_columns of sales.orders") in names(after, RETIRE)
        said = migrate(sample, "status")
        assert "due and not yet recreated, 0 recreated" in said
        assert "orders_fit_old_columns of sales.orders" in said
        assert "temporary: 'contract' drops" not in said
