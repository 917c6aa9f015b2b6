"""Rows that would be locked for too long are skipped, and reported with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import psycopg
import pytest

from order_audit.audit.cli.fixes_options import MaxWait
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batch_loop import too_large
from order_audit.fixes.engine.batches import revert
from order_audit.fixes.engine.throttle import LONGEST_WAIT, Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.planning.planner import plan
from tests.fixes.rejecting import everything, left, of, orders_to_fix
from tests.support.clients import psql

STATUS = "orders.status_is_known"
MERGE = "customers.email_is_unique"

Connection = psycopg.Connection


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    """200 orders: of four, the first and the second have a status to be put right; each tenth a script's name."""
    with orders_to_fix(dsn) as made:
        yield made


def test_what_would_be_held_for_too_long_is_passed_over(database: Connection) -> None:
    """Each order that moves takes 10 ms: the 60 of one customer move together, and so do the two of another."""
    database.execute(
        "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
        " address_state) select i, 'Birch ' || i, 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY'"
        " from generate_series(3, 4) as i;"
        "update orders set customer_id = 2 where order_id <= 60;"
        "update orders set customer_id = 4 where order_id > 198;"
        "create function slow() returns trigger language plpgsql as"
        " $$ begin perform pg_sleep(0.01); return new; end $$;"
        "create trigger slow before update of customer_id on orders for each row execute function slow()"
    )
    rules, wanted = of(STATUS, MERGE)
    choices = {MERGE: "merge"}
    done = apply(database, rules, wanted, choices, None, Throttle(max_lock_wait_ms=200, batch_size=4))
    assert database.execute("select array_agg(customer_id order by customer_id) from customers").fetchone() == (
        [1, 2, 3],
    )
    # the two tables of one unit
    assert [(found.rule, found.table, found.rows, found.by) for found in done.rejected] == [
        (MERGE, "public.orders", 60, ""),
        (MERGE, "public.customers", 1, ""),
    ]
    said = done.rejected[0].reason
    assert said.startswith("too slow for --max-lock-wait 200: an atomic group of 61 rows takes longer; raise it to ")
    assert left(database) == set()
    assert int(said.split()[-1]) > 200
    done = apply(database, rules, wanted, choices, None, Throttle(max_lock_wait_ms=60_000))
    assert (done.rejected, done.changed) == ((), 61)
    before = everything(database)
    undone = revert(database, MERGE, TARGET, Throttle(max_lock_wait_ms=200, batch_size=4))
    assert (undone.changed, undone.rejected) == (3, 61)
    assert "too slow for --max-lock-wait 200: an atomic group of 61 rows" in str(
        database.execute("select distinct left_alone from order_audit.journal where left_alone <> ''").fetchall()
    )
    assert everything(database) != before
    assert revert(database, MERGE, TARGET, Throttle(max_lock_wait_ms=60_000)).changed == 61


def test_what_no_wait_is_long_enough_for_is_told_another_way() -> None:
    assert get_args(MaxWait)[1].max == LONGEST_WAIT
    assert too_large(Throttle(max_lock_wait_ms=500), 61, 100).endswith("raise it to 12200")
    assert too_large(Throttle(max_lock_wait_ms=500), 61, 0).endswith("raise it to 2000")
    assert too_large(Throttle(max_lock_wait_ms=40_000), 61, 10_000).endswith("raise it to 60000")
    assert "at low load, run the file from" in too_large(Throttle(max_lock_wait_ms=60_000), 61, 10_000)


def test_merging_waits_for_an_index_where_each_deletion_would_read_all_orders(
    database: Connection, dsn: str, tmp_path: Path
) -> None:
    database.execute(
        "alter table orders alter column delivery_script_name set storage plain,"
        " alter column delivery_script_name type text;"
        "update orders set delivery_script_name = repeat('x', 7000), customer_id = 1 + (order_id = 7)::int;"
        "insert into orders (order_id, order_ref, customer_id, delivery_script_name)"
        " select g, g, 1, repeat('x', 7000) from generate_series(201, 5000) as g"
    )
    before = everything(database)
    rules, wanted = of(STATUS, MERGE)
    choices = {MERGE: "merge"}
    foretold = plan(database, rules, wanted, choices)
    out = tmp_path / "project"
    emit(database, wanted, choices, out, guards=False)
    head = (out / "deploy" / f"{MERGE}.sql").read_text().split("set client_encoding")[0]
    assert "create index concurrently on public.orders (customer_id)" in " ".join(head.replace("--", "").split())
    done = apply(database, rules, wanted, choices, None, Throttle())
    # the customers and the order stay as they are; the orders' statuses do not wait for them
    assert left(database) == set()
    assert done.changed == 100
    assert {found.rule for found in done.rejected} == {MERGE}
    assert [(found.table, found.rows) for found in done.rejected] == [("public.orders", 1), ("public.customers", 1)]
    assert [step.rejected for step in foretold.steps if step.fix.rule.id == MERGE] == [done.rejected]
    assert [step.changed + step.automatic for step in foretold.steps] == [0, 100]
    said, index = done.rejected[0].reason.split("): ")
    assert said.startswith("each row deleted from public.customers makes the server read all of public.orders (")
    deployed = psql(dsn, *(out / "deploy" / f"{name}.sql" for name in ("journal", MERGE)))
    assert (deployed.returncode, index in deployed.stderr) == (0, True), deployed.stderr
    assert set(everything(database)) & {row for row in before if row[0].startswith("c")} != set()
    # follow its advice
    assert index.startswith("create index concurrently on public.orders (")
    database.execute(index.encode())
    done = apply(database, rules, wanted, choices, None, Throttle())
    assert (done.changed, done.rejected) == (2, ())
    assert database.execute("select customer_id, count(*) from orders group by 1").fetchall() == [(1, 5000)]
    assert database.execute("select customer_id from customers").fetchall() == [(1,)]


def test_a_place_whose_lock_is_never_to_be_had_holds_up_nothing_else(
    database: Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another session locks the new customer of one order, which the foreign key has to check."""
    monkeypatch.setattr("order_audit.fixes.engine.batch_loop.TRIES", 2)
    moves = "lineage.keeps_customer"
    database.execute(
        "delete from orders where order_id > 6; update orders set customer_id = 2 where order_id in (2, 4);"
        "update orders set order_ref = 1 where order_id = 2; update orders set order_ref = 3, customer_id = 1"
        " where order_id = 4; update orders set customer_id = 2 where order_id = 3"
    )
    rules, wanted = of(moves, STATUS)
    with psycopg.connect(dsn) as other:
        other.execute("select from customers where customer_id = 1 for update")
        done = apply(database, rules, wanted, {moves: "move_to_root_customer"}, None, Throttle(max_rounds=1))
        assert [(rule, one.changed, one.locked) for rule, _, one in done.done if one.changed or one.locked] == [
            (moves, 1, 1),
            (STATUS, 4, 0),
        ]
    done = apply(database, rules, wanted, {moves: "move_to_root_customer"}, None, Throttle(max_rounds=1))
    assert (done.changed, done.left) == (1, 0)
    owners: dict[int, int] = dict(database.execute("select order_id, customer_id from orders").fetchall())
    assert (owners[2], owners[4]) == (1, 2)
