"""Orders in two partitions and more: lineages, the job, corrections, the audit, and the end of the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.audit.schema.lint import lint
from order_audit.expectations.suite import schema_rules
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import RETIRE, steps
from tests.migrate.migrating import migrate
from tests.migrate.steps import take
from tests.migrate.test_partition import DEPLOY, REVERT, VERIFY, error, succeed
from tests.support import servers
from tests.support.program import order_audit

#: The next order is the first of the second partition. A rollback does not undo it.
START = b"select setval('sales.orders_order_id_seq', 1999)"

pytestmark = pytest.mark.both_versions


@pytest.fixture(scope="module")
def partitioned(server: Server) -> Iterator[str]:
    """The sample at the end of the migration, in partitions, with the next orders in the second one."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, steps(PROPOSED), RETIRE)
            connection.execute(
                "insert into sales.ledger_entries (customer_id, amount) select customer_id, 1e6 from sales.customers"
            )
            succeed(dsn, DEPLOY)
            connection.execute("call sales.recreate_due()")
        yield dsn


@pytest.fixture
def ask(partitioned: str) -> Iterator[psycopg.Connection]:
    """A transaction that is rolled back."""
    with psycopg.connect(partitioned) as connection:
        connection.execute(START)
        yield connection
        connection.rollback()


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_lineage_goes_over_partitions(ask: psycopg.Connection) -> None:
    places = (
        "select array_agg(tableoid::regclass::text order by order_id) from sales.orders where first_ancestor_id = 1001"
    )
    tomorrow = "sales.business_day(now()) + 1"
    ask.execute("alter table sales.recreations drop constraint recreations_day")
    last = _one(ask, "select max(order_id) from sales.orders_due where first_ancestor_id = 1001")
    assert _one(ask, f"select sales.recreate({last}, {tomorrow})") == 2000
    assert _one(ask, f"select sales.recreate(2000, {tomorrow})") is None
    assert _one(ask, f"select sales.recreate(2000, {tomorrow} + 1)") == 2001
    ask.execute("set constraints all immediate")
    found = _one(ask, places)
    assert isinstance(found, list)
    assert set(found[:-2]) == {"sales.orders_1"}
    assert found[-2:] == ["sales.orders_2"] * 2
    assert _one(ask, "select status_after from sales.order_status_changes where order_id = 2000") == "recreated"
    ask.execute(
        "update sales.orders set delivery_id = sales.delivery(customer_id, s.script_name, %s)"
        " from sales.delivery_scripts as s where order_id = 2001 and s.checked_as = 'email_address'",
        ('{"email_address": "a@x.example.com"}',),
    )
    ask.execute("set constraints all deferred")
    ask.execute("insert into sales.ledger_entries (customer_id, amount, order_id) values (1, -1, 2001)")
    ask.execute("select sales_private.erase_orders(array[2000])")
    ask.execute("set constraints all immediate")
    assert _one(ask, "select predecessor_id from sales.recreations where order_id = 2001") == last


@pytest.mark.parametrize("fault", ["other customer", "no root", "none"])
def test_a_wrong_root_is_rejected(ask: psycopg.Connection, fault: str) -> None:
    """A root in the first partition, of an order in the second."""
    child = ask.execute(
        "select order_id, customer_id from sales.orders where order_id <> first_ancestor_id order by 1 limit 1"
    ).fetchone()
    assert child
    root, customer = {"other customer": (1001, 2), "no root": child, "none": (9, 1)}[fault]
    ask.execute("set sales.correcting = 'on'")
    ask.execute(
        "insert into sales.orders (customer_id, first_ancestor_id, amount, origin, created_at)"
        " values (%s, %s, 1, 'migrated', null) returning tableoid::regclass::text",
        (customer, root),
    )
    with pytest.raises(errors.ForeignKeyViolation, match="orders_first_ancestor"):
        ask.execute("set constraints all immediate")


def test_a_root_that_others_name_stays(ask: psycopg.Connection) -> None:
    ask.execute("alter table sales.recreations drop constraint recreations_day")
    ask.execute(
        "select sales.recreate(max(order_id), sales.business_day(now()) + 1) from sales.orders_due"
        " where first_ancestor_id = 1001"
    )
    ask.execute("set constraints all immediate")
    with pytest.raises(errors.ForeignKeyViolation), ask.transaction():
        ask.execute("delete from sales.orders where order_id = 1001; set constraints all immediate")
    with pytest.raises(errors.ForeignKeyViolation), ask.transaction():
        ask.execute("alter table sales.orders detach partition sales.orders_1")


def test_no_order_is_lost_at_the_end_of_the_numbers(ask: psycopg.Connection) -> None:
    insert = "insert into sales.orders (customer_id, amount) values (1, 1) returning tableoid::regclass::text"
    ask.execute("select setval('sales.orders_order_id_seq', 3999)")
    with (
        pytest.raises(errors.CheckViolation, match=r"no partition of sales\.orders has the number 4000") as raised,
        ask.transaction(),
    ):
        ask.execute(insert.encode())
    assert raised.value.diag.message_hint == "select sales_private.add_partition() adds the next one"
    assert _one(ask, "select sales_private.numbers_left()") == -1
    assert _one(ask, "select sales_private.add_partition()") == "orders_3"
    assert _one(ask, insert) == "sales.orders_3"
    # its numbers are in use, so that the next one is due
    assert _one(ask, "select sales_private.add_partition(1000)") == "orders_4"
    assert _one(ask, "select sales_private.add_partition()") is None
    assert ask.execute(
        "select partition_name, first_number, end_number from sales_private.order_partitions order by end_number"
    ).fetchall() == [
        ("orders_1", None, 2000),
        ("orders_2", 2000, 4000),
        ("orders_3", 4000, 6000),
        ("orders_4", 6000, 7000),
    ]
    with pytest.raises(errors.InvalidParameterValue, match="least size"):
        ask.execute("select sales_private.add_partition(5)")


def test_a_new_partition_takes_its_locks_within_one_deadline(ask: psycopg.Connection) -> None:
    """Attaching it waits for none of them any more: readers of orders could wait behind each."""
    strong = (
        "select l.relation from pg_locks as l join pg_class as c on c.oid = l.relation and c.relkind in ('r', 'p')"
        " where l.pid = pg_backend_pid() and l.mode in ('ShareRowExclusiveLock', 'AccessExclusiveLock')"
    )
    _one(ask, "select setval('sales.orders_order_id_seq', 3500)")
    ask.execute(
        "create table at_attach (relation oid);"
        " create function at_attach() returns event_trigger language plpgsql as $$ begin"
        f" insert into public.at_attach {strong}; end $$;"
        " create event trigger at_attach on ddl_command_start when tag in ('ALTER TABLE') execute function at_attach()"
        .encode()
    )  # fmt: skip
    before = [oid for (oid,) in ask.execute("select oid from pg_class")]
    assert _one(ask, "select sales_private.add_partition()") is not None
    late = (
        f"select array_agg(relation::regclass::text) from ({strong} and l.relation = any(%s)"
        " except select relation from at_attach) as late"
    )
    assert ask.execute(late.encode(), [before]).fetchone() == (None,)


def test_triggers_are_those_of_the_table(ask: psycopg.Connection) -> None:
    states = (
        "select array_agg((tgname, tgenabled) order by tgname) from pg_trigger"
        " where tgrelid = '{}'::regclass and not tgisinternal"
    )
    for partition in ("sales.orders_1", "sales.orders_2"):
        assert _one(ask, states.format(partition)) == _one(ask, states.format("sales.orders"))
    with pytest.raises(errors.CheckViolation, match="set by the database"):
        ask.execute(
            "insert into sales.orders_2 (order_id, customer_id, amount, origin, created_at)"
            " values (2500, 1, 1, 'migrated', null)"
        )


def test_suite_and_lint_pass(partitioned: str, tmp_path: Path) -> None:
    with psycopg.connect(partitioned, autocommit=True) as connection:
        connection.execute(START)
        connection.execute("insert into sales.orders (customer_id, amount) values (1, 1)")
        found = [(it.rule.id, finding.object) for it in lint(connection, schema_rules()) for finding in it.findings]
        assert found == []
        done = order_audit(
            "run", "--suite", "proposed", "--dsn", partitioned, "--out", str(tmp_path), "--quiet", "--no-lint"
        )
        assert done.returncode == 0, done.stderr
        results = json.loads((tmp_path / "results.json").read_text())["results"]
        assert {it["status"] for it in results} <= {"passed", "failed", "skipped"}
        assert "nothing is temporary" in migrate(partitioned, "status")
        # the way back: refused while the second partition has orders
        assert "partition sales.orders_2 has orders, from 2000 on" in error(partitioned, REVERT)
        succeed(partitioned, VERIFY)
        connection.execute(
            "select sales_private.erase_orders(array_agg(order_id)) from sales.orders where order_id >= 2000"
        )
        succeed(partitioned, REVERT)
        connection.execute("call sales.recreate_due()")
        assert connection.execute(
            "insert into sales.orders (customer_id, amount) values (1, 1) returning order_id"
        ).fetchone() == (2001,)
