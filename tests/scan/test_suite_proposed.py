"""The suite for the proposed schema: its findings, and the violations that the schema rejects.

Examples are as those of the suite `current` (see test_examples.py), for the proposed tables without any of their
constraints and triggers: most of what the rules look for can only be planted there. That the schema itself refuses it
is the other half: examples/proposed_refused.sql, and examples/proposed_let_in.sql for what it cannot refuse.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.quoting import quoted
from order_audit.audit.run import Options
from order_audit.audit.scans import prepared_rule
from order_audit.fixes.planning.guards import guards_of
from order_audit.progress import start_ignored
from order_audit.reports import compare, results_file
from order_audit.reports.document import encode
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import run as migrate
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.scan.test_examples import _difference, _keys, _read
from tests.support.results import run

ROOT = Path(__file__).parents[2]
#: The proposed schema alone, without the checks that the current tables can be migrated.
DEPLOY = PROPOSED / "deploy"
SCHEMA = re.sub(
    r"\\ir (?P<file>\S+)\n",
    lambda match: "" if match["file"].startswith("checks/") else (DEPLOY / match["file"]).read_text(encoding="utf-8"),
    (DEPLOY / "expand.sql").read_text(encoding="utf-8"),
).encode()
EXAMPLES = Path(__file__).parents[1] / "examples" / "proposed"
SUITE = expectations.load("proposed")
RULES = {rule.id: rule for rule in SUITE.rules}

#: Takes from the proposed tables everything that rejects rows.
BARE = (EXAMPLES.parent / "proposed_bare.sql").read_text(encoding="utf-8")
#: Objects of a running migration.
QUARANTINE = """
create schema migration;
create table migration.quarantined_customer (customer_id bigint, reasons text[], since timestamptz default now());
create table migration.quarantined_order (
  order_id bigint, customer_id bigint, reasons text[], since timestamptz default now()
);
create schema sales_old;
create table sales_old.delivery_texts (delivery_id bigint, customer_id bigint, args_text text);
"""
MIGRATING = {id for id, rule in RULES.items() if any(it.table for it in rule.requires)}


def _path(rule_id: str) -> Path:
    return EXAMPLES.joinpath(*rule_id.split(".")).with_suffix(".sql")


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    """A rule without rows that it must and must not name proves nothing."""
    assert {path.relative_to(ROOT) for path in EXAMPLES.rglob("*.*")} == {_path(id).relative_to(ROOT) for id in RULES}


@pytest.mark.both_versions
def test_rules_name_exactly_what_the_examples_say(dsn: str) -> None:
    """Run each rule on its example, in a separate transaction that is rolled back."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(BARE.encode())
        connection.execute(QUARANTINE)
        judged, unfit = prepared_rule.prepare(connection, [(rule, parsed_query.parse(rule)) for rule in RULES.values()])
        assert not unfit
        for found in judged:
            rule, table = found.rule, found.table
            assert table is not None, f"{rule.id}: its key is no table's"
            example = _read(_path(rule.id))
            (key,) = rule.key
            with connection.transaction(force_rollback=True):
                connection.execute(example.sql.encode())
                present = _keys(connection, f"select distinct {key}::text from {quoted(table)} where {key} is not null")
                if rule.id.startswith("migration."):  # which ignores rows of another table
                    admitted = "sales.customers" if key == "customer_id" else "sales.orders"
                    present |= _keys(connection, f"select {key}::text from {admitted}")
                named = _keys(connection, f"select distinct {key}::text from (\n{rule.sql}\n) as v")
            if present != example.fails | example.passes:
                wrong.append(f"{rule.id}: header: {_difference(present, example.fails | example.passes)}")
            if named != example.fails:
                wrong.append(f"{rule.id}: {_difference(example.fails, named)}")
    assert not wrong, "\n".join(wrong)


def test_every_rule_is_for_something() -> None:
    """Each is named by something that the business says."""
    assert {rule for it in SUITE.requirements for rule in it.rules} == RULES.keys()


#: Two customers and what they own, made as the schema means it to be made.
WORLD = """
alter table sales.customers alter customer_id restart with 100;
alter table sales.orders alter order_id restart with 1000;
insert into sales.customers (customer_id, name) values (1, 'Acme'), (2, 'Birch');
insert into sales.ledger_entries (customer_id, amount, reason)
values (1, 100, 'payment'), (2, 70, 'payment'), (2, -20, 'refund');
insert into sales.contacts (customer_id, name, email, phone)
values (1, 'Ann', 'ann@acme.example', '555 010 0100'), (2, 'Bob', 'bob@birch.example', null);
insert into sales.addresses (customer_id, street, state_code)
values (1, '1 Main Street', 'CA'), (2, '2 Oak Avenue', 'NY');
insert into sales.schedules (half_hours) values ('{[16,34),[64,82)}'); -- 1
insert into sales.deliveries (customer_id, script_name, args)
values
    (1, 'custom_crm', '{"api-key": "k-1", "crm": [{"password": "a \\\\ \\"b\\""}]}'),
    (2, 'email_delivery', '{"email_address": "bob@birch.example"}');
insert into sales.orders (
  order_id, customer_id, first_ancestor_id, schedule_id, delivery_id, amount, order_status, created_at
)
values (10, 1, 10, 1, 1, 5, 'active', now() - interval '1 day'), (20, 2, 20, 1, 2, 5, 'active', now());
select sales.recreate(10); -- makes 1000
"""

CASE = re.compile(r"-- (?P<rule>[a-z]+\.\w+)(?:: (?P<named>.+))?\n(?P<statement>(?:(?!-- ).+\n)+)")


def _cases(name: str) -> list[tuple[str, str, str]]:
    """Rule, what a refusal names, and statement: each is a comment and what comes below it."""
    text = (EXAMPLES.parent / name).read_text(encoding="utf-8")
    found = [(it["rule"], it["named"] or "", it["statement"]) for it in CASE.finditer(text)]
    assert len(found) == len(re.findall(r"\n\n-- ", text))
    return found


REFUSED = _cases("proposed_refused.sql")
LET_IN = _cases("proposed_let_in.sql")

#: Violations that the columns' types make impossible.
ROUNDED = ("customers.balance_is_whole_cents", "recreation.decision_survives_rounding")


def test_each_rule_is_refused_or_let_in() -> None:
    """Nothing is left open."""
    assert {rule for rule, *_ in (*REFUSED, *LET_IN)} | {*ROUNDED} | MIGRATING == RULES.keys()


@pytest.mark.both_versions
def test_what_the_schema_refuses(dsn: str) -> None:
    """Each by the constraint that is there for it, at the end of the transaction at the latest."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(WORLD.encode())
        for rule, named, statement in REFUSED:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
                    connection.execute("set constraints all immediate")
                    wrong.append(f"{rule}: let in: {statement}")
            except psycopg.Error as error:
                if named not in str(error):
                    wrong.append(f"{rule}: {statement}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.both_versions
def test_what_the_schema_lets_in_is_found(dsn: str) -> None:
    """By its rule, which found nothing before."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(WORLD.encode())
        for id, _, statement in LET_IN:
            count = f"select count(*) from (\n{RULES[id].sql}\n) as v".encode()
            before = connection.execute(count).fetchone()
            with connection.transaction(force_rollback=True):
                try:
                    connection.execute(statement.encode())
                    connection.execute("set constraints all immediate")
                except psycopg.Error as error:
                    wrong.append(f"{id}: refused: {error}")
                    continue
                after = connection.execute(count).fetchone()
            if before != (0,) or after == (0,):
                wrong.append(f"{id}: {before} before, {after} after: {statement}")
    assert not wrong, "\n".join(wrong)


def test_the_schema_holds_whole_cents(dsn: str) -> None:
    """Fractions are rounded where they come in, and what is compared is what is kept."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(WORLD.encode())
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 0.30000000000000004)")
        assert connection.execute("select balance::text from sales.customers where customer_id = 1").fetchone() == (
            "100.30",
        )


@pytest.mark.parametrize("world", ["", WORLD], ids=["empty", "used"])
def test_the_schema_passes_its_suite(dsn: str, tmp_path: Path, world: str) -> None:
    """Empty, and with two customers, of which one has had an order recreated."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        connection.execute(world.encode())
    document = run(dsn, tmp_path, Options(suites=("proposed",)))
    statuses = {it["rule"]: it["status"] for it in document["results"]}
    assert statuses == {id: "skipped" if id in MIGRATING else "passed" for id in RULES}
    assert document["summary"]["gate"]["passed"], "without a migration there is no quarantine"
    assert [(it["rule"], it["object"]) for it in document["schema_findings"]] == []
    assert document["run"]["tables"]["sales.orders"]["rows"] == (3 if world else 0)


def test_audits_before_and_after_are_compared_rule_by_rule(sample: str, tmp_path: Path) -> None:
    """Ids mean the same in both suites, and keys are the same orders and customers."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update customers set customer_phone = null where customer_id = 3")
        connection.execute("update orders set order_status = 'recreated' where order_id = 1006")
        connection.execute("update customers set customer_email = upper(customer_email) where customer_id = 2")
        connection.execute(
            "update orders set order_status = 'active', order_schedule = 0::bit(336) where order_id = 1003"
        )
    run(sample, tmp_path / "old", Options(suites=("current",)))
    with psycopg.connect(sample, autocommit=True) as connection:
        migrate(connection, steps(PROPOSED), "switch", MigrationThrottle(), start_ignored, accept_quarantine=99)
        connection.execute("update sales.contacts set phone = '555 010 0100' where customer_id = 1")
        connection.execute("insert into sales.schedules (half_hours) values ('{[0,1)}')")
    run(sample, tmp_path / "new", Options(suites=("proposed",)))

    old, new = (results_file.read(tmp_path / name / "results.json") for name in ("old", "new"))
    assert "suite current" in compare.differ(old, new)
    compared = {it["rule"]: it for it in encode(compare.compare(old, new).rules)}
    assert compared.keys() == RULES.keys()
    assert {rule.id for rule in expectations.load("current").rules} <= RULES.keys()
    assert [
        id
        for id, it in compared.items()
        if it["before"] and it["before"]["status"] != "not_checkable" and not it["by_keys"]
    ] == []
    found = {id: it["examples"] for id, it in compared.items() if any(it["examples"].values())}
    assert found == {
        "customers.email_is_canonical": {"resolved": [], "remaining": ["2"], "new": []},
        "customers.phone_is_dialable": {"resolved": ["1"], "remaining": ["2", "4", "5"], "new": []},
        "lineage.one_live_order": {"resolved": [], "remaining": ["1004"], "new": []},
        "lineage.recreated_order_has_successor": {"resolved": [], "remaining": ["1006"], "new": []},
        "orders.active_order_has_delivery": {"resolved": ["1003"], "remaining": [], "new": []},
        "orders.active_order_has_schedule": {"resolved": ["1003"], "remaining": [], "new": []},
        "orders.delivery_args_hold_no_secret": {"resolved": ["1002", "1008"], "remaining": [], "new": []},
        "orders.schedule_repeats_by_day": {"resolved": [], "remaining": ["1001", "1007", "1010"], "new": []},
    }
    unused = compared["orders.schedule_is_used"]
    assert (unused["new"], unused["note"]) == (
        1,
        "the rule was not there in the earlier audit: all that it finds counts as new",
    )
    # what only looks resolved, since the new tables cannot hold it
    assert compared["migration.order_is_admitted"]["new"] == 1
    checked = [id for id, it in compared.items() if it["before"] and it["before"]["status"] == "not_checkable"]
    assert [compared[id]["after"] for id in checked] == [{"status": "passed", "violations": 0}] * 3


def test_guards_of_the_current_tables_protect_no_proposed_ones() -> None:
    """Their rules have the same names, and are about other tables."""
    assert guards_of(expectations.load("current").rules)
    assert guards_of(SUITE.rules) == []
