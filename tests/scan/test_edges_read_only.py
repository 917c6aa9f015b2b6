"""An audit reads one snapshot and writes nothing, whatever a rule tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from order_audit.expectations import SuiteError
from tests.scan.edges import audit, counts, errors, execute, fetch, keys, order, results, rule, suite


def test_everything_is_read_in_one_snapshot(data: str, tmp_path: Path) -> None:
    """Rows that others commit while the audit runs are not there, in no rule and no count."""
    mine = suite(
        tmp_path / "mine",
        {
            "all_orders": rule("select o.order_id from orders as o"),
            "more_orders": rule("select o.order_id from orders as o cross join (select pg_sleep(0.1)) as later"),
            "last_orders": rule("select o.order_id from orders as o join customers as c using (customer_id)"),
        },
    )
    added = iter(range(5000, 6000))

    def tell(_done: int, _of: int, _what: str) -> None:
        execute(data, order(next(added)), "delete from orders where order_id = 1010")

    document = audit(data, tmp_path / "out", mine, on_progress=tell, jobs=1)
    assert next(added) == 5004  # reported at the start and after each rule
    for found in document["results"]:
        assert (found["violations"], found["checked"]) == (10, 10), found["rule"]
        assert keys(tmp_path / "out", found["rule"]) == [str(id) for id in range(1001, 1011)]


WRITING_FUNCTIONS = {
    "nextval": "select nextval('orders_order_id_seq') as order_id",
    "setval": "select setval('orders_order_id_seq', 7000) as order_id",
    "own_function": "select sneak() as order_id",
    "read_write": "select set_config('transaction_read_only', 'off', false) as order_id",
}


def test_an_audit_cannot_write(data: str, tmp_path: Path) -> None:
    """A rule with writing functions is errored, and nothing is written."""
    execute(
        data,
        "create function sneak() returns int language plpgsql as"
        " $$ begin insert into orders (order_id, order_ref, customer_id) values (9999, 9999, 1); return 1; end $$",
    )
    bodies = WRITING_FUNCTIONS | {"harmless": "select o.order_id from orders as o where o.order_id = 1001"}
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", {id: rule(body) for id, body in bodies.items()}))
    assert errors(document).keys() == WRITING_FUNCTIONS.keys()
    assert {results(document)[id]["error_at"]["sqlstate"] for id in ("nextval", "setval", "own_function")} == {"25006"}
    assert counts(document) == {"harmless": 1}
    assert fetch(data, "select count(*) from orders") == [10]
    assert fetch(data, "select is_called from orders_order_id_seq") == [False]
    assert fetch(data, "select count(*) from pg_largeobject_metadata") == [0]


REFUSED = (
    "with gone as (delete from orders returning order_id) select order_id from gone",
    "with changed as (update orders set order_amount = 0 returning order_id) select order_id from changed",
    "with made as (insert into orders default values returning order_id) select order_id from made",
    "with x as (select 1) delete from orders",
    "select 1 as order_id; drop table orders",
    "select 1 as order_id; -- drop\n select 2",
    "select order_id from orders for update",
    "select order_id from orders for no key update nowait",
    "select order_id from orders for share",
    "select order_id from orders for key share skip locked",
    "select order_id into copied from orders",
    "select order_id into temp copied from orders",
    "explain select order_id from orders",
    "explain analyze select order_id from orders",
    "table orders",
    "copy orders to stdout",
    "copy (select order_id from orders) to program 'true'",
    "values (1)",
    "insert into orders default values",
    "update orders set order_amount = 0",
    "delete from orders",
    "merge into orders as o using customers as c on false when matched then delete",
    "truncate orders",
    "drop table orders",
    "create table x as select order_id from orders",
    "do $$ begin null; end $$",
    "call something()",
    "begin",
    "commit",
    "set search_path = x",
    "prepare x as select 1",
    "lock table orders",
    "; drop table orders",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_no_reading_statement_is_refused(tmp_path: Path, statement: str) -> None:
    """Before any connection is made, and by the name of its file."""
    mine = suite(tmp_path / "mine", {"bad": rule(statement)})
    with pytest.raises(SuiteError, match=r"bad\.sql") as raised:
        audit("host=/nowhere", tmp_path / "out", mine)
    assert "\n" not in str(raised.value)
