"""The last step: what was kept for old applications goes, and the schema keeps its promises without them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.audit.schema.lint import lint
from order_audit.expectations import load
from order_audit.expectations.suite import schema_rules
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, done, steps, without_transaction
from order_audit.scenario.migrate.temporary import temporary
from tests.migrate.migrating import migrate, rows, shape
from tests.migrate.steps import one, take
from tests.support import servers
from tests.support.clients import psql
from tests.support.program import order_audit

STEPS = steps(PROPOSED)
NAMES = [step.name for step in STEPS]
FILE = PROPOSED / RETIRE / "deploy" / "retire.sql"
SUITE = load("proposed")
CONFIRMED = (RETIRE, "--drop-old-views", "--quiet")

#: Objects of others that depend on what retire drops, and the statement that removes each.
DEPENDENTS = {
    "view spending": "drop view spending",
    "materialized view live": "drop materialized view live",
    "function orders_of(integer)": "drop function orders_of(integer)",
    "function price(orders)": "drop function price(orders)",
    "trigger counts on view orders": "drop trigger counts on orders",
    "rule loud on view customers": "drop rule loud on customers",
    "column one of table kept": "alter table kept drop one",
    "default value for column number of table kept": "alter table kept alter number drop default",
    "constraint kept_bits_fkey on table kept": "alter table kept drop constraint kept_bits_fkey",
    "trigger bits on table kept": "drop trigger bits on kept",
    "policy few on table sales_old.delivery_texts": "drop policy few on sales_old.delivery_texts",
    "publication of table sales_old.schedule_bits in publication feed": "drop publication feed",
    "publication of schema sales_old in publication all_old": "drop publication all_old",
    "table sales_old.notes": "drop table sales_old.notes",
    "function sales_old.note()": "drop function sales_old.note()",
}
CREATE = """
create view spending as select customer_id, sum(order_amount) as amount from orders group by 1;
create materialized view live as select order_id from orders where order_status = 'active';
create function orders_of(the_customer integer) returns bigint
  begin atomic select count(*) from public.orders as o where o.customer_id = the_customer; end;
create function price(orders) returns integer language sql as 'select $1.order_amount';
create function named() returns bigint language plpgsql as 'begin return (select count(*) from public.orders); end';
create function other_schema() returns bigint language sql as 'select count(*) from sales.orders';
create function count_it() returns trigger language plpgsql as 'begin return new; end';
create trigger counts instead of update on orders for each row execute function count_it();
create rule loud as on delete to customers do also notify customers;
create table kept (
  one customers, number integer default nextval('orders_order_id_seq'), half_hours int4multirange,
  bits bigint references sales_old.schedule_bits
);
create trigger bits after insert on kept for each row execute function sales_old.write_bits();
create policy few on sales_old.delivery_texts using (false);
create publication feed for table sales_old.schedule_bits;
create publication all_old for tables in schema sales_old;
create table sales_old.notes (note text);
create function sales_old.note() returns text language sql as 'select null::text';
grant select on orders to pg_monitor; grant select (customer_id) on customers to pg_monitor;
grant usage on sequence orders_order_id_seq to public;
"""


@pytest.fixture
def contracted(sample: str) -> str:
    """The sample after the contract."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, STEPS, CONTRACT)
    return sample


@pytest.fixture(scope="module")
def retired(server: Server) -> Iterator[str]:
    """The sample at the end, shared by tests that change nothing."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, STEPS, RETIRE)
        yield dsn


@pytest.mark.both_versions
def test_it_waits_for_its_turn_and_for_what_depends_on_the_views(sample: str, server: Server) -> None:
    for step in ("", "expand", "switch"):
        if step:
            migrate(sample, "run", "--to", step, "--quiet")
        assert "'order-audit migrate contract' comes first" in migrate(sample, *CONFIRMED, code=3)
        assert " first" in psql(sample, FILE).stderr
    assert "'retire' drops the views" in migrate(sample, CONTRACT, "--drop-old-tables", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        assert "no other object depends on what 'retire' drops" in migrate(sample, "plan")
        connection.execute(CREATE)
        planned, refused, by_hand = migrate(sample, "plan"), migrate(sample, *CONFIRMED, code=3), psql(sample, FILE)
        assert refused.count("\n") == 1
        assert by_hand.stderr.count("ERROR") == 1
        for name in DEPENDENTS:
            assert f"\n  {name}: blocks it" in planned
            assert f"{name} (blocks it" in refused
            assert f"{name} (blocks it" in by_hand.stderr
        assert planned.count("blocks it") == refused.count("blocks it") == len(DEPENDENTS)
        for number, (name, remove) in enumerate(DEPENDENTS.items()):
            if number % 5 == 0:
                assert name in psql(sample, FILE).stderr
            connection.execute(remove.encode())
        before, dumped = rows(sample), shape(server, sample)
        unconfirmed = migrate(sample, RETIRE, code=2)
        assert "--drop-old-views drops the views customers and orders" in unconfirmed
        assert (rows(sample), shape(server, sample)) == (before, dumped)
        said = migrate(sample, *CONFIRMED)
        for name in (
            "function named()",
            "privileges of role pg_monitor on customers (SELECT)",
            "privileges of role pg_monitor on orders (SELECT)",
            "privileges of public on orders_order_id_seq (USAGE)",
        ):
            assert f"\n  {name}: " in unconfirmed
            assert f"warning: {name} " in said
        assert "other_schema" not in planned + said
        assert connection.execute("select other_schema()").fetchone() == (10,)
        with pytest.raises(errors.UndefinedTable):
            connection.execute("select named()")


@pytest.mark.both_versions
def test_what_old_columns_could_not_hold_is_accepted(retired: str) -> None:
    with psycopg.connect(retired) as connection:

        def of(query: str) -> object:
            row = connection.execute(query.encode()).fetchone()
            assert row
            return row[0]

        assert of("insert into sales.orders (customer_id, amount) values (1, 10.50) returning order_id") == 1011
        assert of("select amount from sales.orders where order_id = 1011") == Decimal("10.50")
        connection.execute("insert into sales.customers (customer_id, name) values (2147483648, 'Beyond 32 bits')")
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (2147483648, 9e15)")
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (2147483648, 0.01)")
        balance = of("select balance from sales.customers where customer_id = 2147483648")
        assert balance == Decimal("9000000000000000.01")
        connection.execute("alter sequence sales.orders_order_id_seq restart 3000000000")
        order = "insert into sales.orders (customer_id, amount) values (2147483648, 3000000000.25) returning order_id"
        assert of(order) == 3000000000
        assert of("select sales.recreate(3000000000)") == 3000000001
        contact = "insert into sales.contacts (customer_id, name, email, phone) values (2147483648, %s, %s, %s)"
        connection.execute(contact, ["N" * 101, "n@example.com", "1" * 40])
        with pytest.raises(errors.CheckViolation, match="contacts_phone_check"), connection.transaction():
            connection.execute(contact, ["N", "m@example.com", "1" * 41])
        connection.execute("set constraints all immediate")
        connection.rollback()


#: Changes after the contract, and the next numbers of orders and customers. The sample has 1010 and 5.
NUMBERS = {
    "select": (1011, 6),
    # numbers that were given and not used are not given again
    "select setval('orders_order_id_seq', 1500), setval('customers_customer_id_seq', 70, false)": (1501, 70),
    "insert into orders (order_id, order_ref, customer_id) values (5000, 5000, 1)": (5001, 6),
    "insert into sales.customers (customer_id, name) values (2147483647, 'Last')": (1011, 2147483648),
    # two servers that give odd and even numbers
    "alter sequence orders_order_id_seq increment 10 restart 1003": (1013, 6),
    "alter sequence orders_order_id_seq increment 10 restart 1203 cache 5": (1203, 6),
    "alter sequence orders_order_id_seq rename to numbers": (1011, 6),
    # a schema that somebody has dropped by hand, with the views and triggers
    "set client_min_messages = error; drop schema sales_old cascade": (1011, 6),
}


@pytest.mark.both_versions
def test_identities_continue_the_old_sequences(contracted: str) -> None:
    deploy = without_transaction(STEPS[-1].deploy).encode()
    order = "insert into sales.orders (customer_id, amount) values (1, 1) returning order_id"
    with psycopg.connect(contracted) as connection:
        for change, expected in NUMBERS.items():
            connection.execute(change.encode())
            connection.execute("set constraints all immediate")
            connection.execute(deploy)
            made = [
                connection.execute(query).fetchone()
                for query in (
                    f"{order}, first_ancestor_id",
                    "insert into sales.customers (name) values ('N') returning customer_id",
                    order,
                )
            ]
            step = 10 if "increment" in change else 1
            assert made == [(expected[0], expected[0]), (expected[1],), (expected[0] + step,)], change
            names = (
                "select currval(pg_get_serial_sequence('sales.orders', 'order_id')), to_regclass('orders_order_id_seq')"
            )
            assert connection.execute(names).fetchone() == (expected[0] + step, None)
            connection.rollback()
            # sequences do not follow a rollback
            connection.execute("select setval('orders_order_id_seq', 1010), setval('customers_customer_id_seq', 5)")
            connection.commit()
        with pytest.raises(errors.DependentObjectsStillExist, match="next_order_id"):
            connection.execute("drop sequence orders_order_id_seq")


@pytest.mark.both_versions
def test_nothing_is_temporary_afterwards(contracted: str) -> None:
    with psycopg.connect(contracted, autocommit=True) as connection:
        connection.execute("insert into orders (order_ref, customer_id, order_amount) values (1001, 1, 5)")
        kept = {it.dropped_by for it in temporary(connection)}
        said = migrate(contracted, "status")
        assert kept == {RETIRE}
        assert "'retire' drops\n" in said
        assert "table with secrets in clear text sales_old.delivery_texts" in said
        before = connection.execute("select to_jsonb(o) from sales.orders as o order by o.order_id").fetchall()
        migrate(contracted, *CONFIRMED)
        assert connection.execute("select to_jsonb(o) from sales.orders as o order by o.order_id").fetchall() == before
        assert temporary(connection) == []
        assert done(connection, STEPS) == NAMES
        assert "nothing is temporary" in migrate(contracted, "status")
        due = int(one(contracted, "select count(*) from sales.orders_due"))
        day = int(one(contracted, "select count(*) from sales.recreations"))
        assert due > day > 0
        for _ in range(2):
            connection.execute("call sales.recreate_due()")
            assert one(contracted, "select count(*) from sales.recreations") == due


def test_suite_and_lint_pass_without_the_views(retired: str, tmp_path: Path) -> None:
    with psycopg.connect(retired, autocommit=True) as connection:
        connection.execute("analyze")
        found = [(it.rule.id, finding.object) for it in lint(connection, schema_rules()) for finding in it.findings]
    assert found == []
    done = order_audit("run", "--suite", "proposed", "--dsn", retired, "--out", str(tmp_path), "--quiet")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    without = {
        rule.id
        for rule in SUITE.rules
        if any(it.table.startswith(("sales_old.", "migration.")) for it in rule.requires)
    }
    assert without
    assert {it["rule"] for it in results if it["status"] == "skipped"} == without
    assert {it["status"] for it in results} == {"passed", "failed", "skipped"}


def test_each_command_says_one_true_line_at_the_end(retired: str, server: Server) -> None:
    dumped = shape(server, retired)
    complete = "nothing to do: the migration is complete: applications use the schema sales\n"

    def said_by(*words: str, code: int = 0) -> str:
        """Without the line on roles, which are the cluster's, and made by other tests."""
        return re.sub(r"\n\nroles .*", "", migrate(retired, *words, code=code))

    assert said_by("plan").endswith(f"\n\n{complete}")
    for words, said, code in (
        (("run",), complete, 0),
        (("run", "--to", "verify"), complete, 0),
        (
            ("run", "--carry", "orders.note"),
            "order-audit: --carry: the old tables are dropped, with their columns\n",
            3,
        ),
        (("verify",), "order-audit: the old tables are dropped: nothing to compare with\n", 3),
        (("rollback",), "order-audit: the old tables are dropped: only a backup has them\n", 3),
        (("contract",), "the old tables are already dropped\n", 0),
        (("retire",), "nothing to do: retire is done\n", 0),
        (CONFIRMED, "nothing to do: retire is done\n", 0),
    ):
        assert said_by(*words, code=code) == said
    for words in (("plan",), ("apply",)):
        fixes = order_audit("fixes", *words, "--dsn", retired)
        assert (fixes.returncode, fixes.stderr.count("\n")) == (3, 1)
        assert "'order-audit run --suite proposed' audits the new tables" in fixes.stderr
    assert shape(server, retired) == dumped
