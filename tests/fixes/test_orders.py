"""The effect of fixes of orders and lineages on hard cases, value by value, in tables of several types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply, install
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import AUTOMATIC, fixes
from tests.support import dirty_tables, dirty_values, servers

FIXES = fixes(load("current").rules)
ALONE = Throttle(max_lock_wait_ms=0, vacuum_after=0)
#: An order's own values, unless a case says otherwise: a root of customer 1.
USUAL = {
    "customer_id": 1,
    "order_schedule": "1" * 336,
    "delivery_script_name": "crm",
    "delivery_script_args": None,
    "order_amount": 5,
    "order_status": "active",
}
Orders = dict[int, dict[str, Any]]


def refs(*orders: tuple[int, int | None] | tuple[int, int | None, int | None]) -> Orders:
    """Orders by id, reference, and customer where it is not customer 1."""
    return {
        order[0]: {"order_ref": order[1], **dict(zip(["customer_id"], order[2:], strict=False))} for order in orders
    }


def each(column: str, *values: Any) -> Orders:
    """Roots 1, 2, 3 and so on, with these values in one column."""
    return {order_id: {column: value} for order_id, value in enumerate(values, start=1)}


def states(*orders: tuple[int, int | None, str | None]) -> Orders:
    """Orders by id, reference and status."""
    return {order_id: {"order_ref": ref, "order_status": status} for order_id, ref, status in orders}


CIRCLE = refs((7, 9), (9, 8), (8, 7))
#: 1 is the first; 2 and 3 lead to it; 4 is another customer's, and 5 and 6 lead to that; 9 has no customer.
CHAIN = refs((1, 1), (2, 1), (3, 2), (4, 3, 2), (5, 4, 2), (6, 5), (9, 2, None))

CASES = [
    # a circle is broken where its smallest order is
    ("lineage.is_acyclic", "root_at_smallest", CIRCLE, {7: {"order_ref": 7}}),
    ("lineage.is_acyclic", "root_at_smallest", refs((1, 3), (3, 2), (2, 1), (4, 1), (5, 6), (6, 5)),
     {1: {"order_ref": 1}, 5: {"order_ref": 5}}),
    # the group: the missing order and the customer, the smallest id first; nothing is shared without a reference
    ("lineage.order_ref_exists", "keep_group",
     refs((8, 99), (5, 99), (6, 99, 2), (7, 99, 2), (4, 98), (1, None), (2, None), (3, 5)),
     {8: {"order_ref": 5}, 5: {"order_ref": 5}, 6: {"order_ref": 6}, 7: {"order_ref": 6}, 4: {"order_ref": 4},
      1: {"order_ref": 1}, 2: {"order_ref": 2}}),
    ("lineage.order_ref_exists", "keep_group", refs((2, 99, None), (3, 99, None), (4, 99)),
     {2: {"order_ref": 2}, 3: {"order_ref": 2}, 4: {"order_ref": 4}}),
    ("lineage.order_ref_exists", "reroot", refs((8, 99), (5, 99), (1, None), (3, 5)),
     {8: {"order_ref": 8}, 5: {"order_ref": 5}, 1: {"order_ref": 1}}),
    # the first ancestor, however far, of the same customer; past other customers' orders too
    ("lineage.order_ref_is_first_ancestor", AUTOMATIC, CHAIN, {3: {"order_ref": 1}, 6: {"order_ref": 1}}),
    ("lineage.order_ref_is_first_ancestor", "reroot", CHAIN,
     {4: {"order_ref": 4}, 5: {"order_ref": 5}, 9: {"order_ref": 9}}),
    ("lineage.order_ref_is_first_ancestor", "point_at_root_and_move", CHAIN,
     {4: {"order_ref": 1, "customer_id": 1}, 5: {"order_ref": 1, "customer_id": 1},
      9: {"order_ref": 1, "customer_id": 1}}),
    # a first ancestor without a customer changes no other order's customer
    ("lineage.order_ref_is_first_ancestor", AUTOMATIC, refs((1, 1, None), (2, 1, None), (3, 2), (4, 2, None)), {}),
    ("lineage.order_ref_is_first_ancestor", "point_at_root_and_move",
     refs((1, 1, None), (2, 1, None), (3, 2), (4, 2, None)), {3: {"order_ref": 1}, 4: {"order_ref": 1}}),
    # chains that end in a missing order, nowhere or in a cycle wait for the decision there
    *[
        ("lineage.order_ref_is_first_ancestor", option,
         refs((1, 99), (2, 1), (3, 2, 2), (4, None), (5, 4), (6, 7), (7, 6), (8, 7)), {})
        for option in (AUTOMATIC, "reroot", "point_at_root_and_move")
    ],
    ("lineage.keeps_customer", "reroot", refs((1, 1), (2, 1, 2), (3, 2, 2), (4, 3)),
     {2: {"order_ref": 2}, 4: {"order_ref": 4}}),
    # those of its customer that lead to it have a first ancestor now; not those of another, or of none
    ("lineage.keeps_customer", "reroot",
     refs((1, 1), (2, 1, 2), (3, 2, 2), (4, 3, 2), (5, 4, None), (6, 5), (7, 6, 2), (8, 4, 3), (9, 8, 2)),
     {2: {"order_ref": 2}, 4: {"order_ref": 2}, 7: {"order_ref": 7}, 8: {"order_ref": 8}, 9: {"order_ref": 9}}),
    ("lineage.keeps_customer", "move_to_root_customer", refs((1, 1), (2, 1, 2), (3, 1), (4, 1, None)),
     {2: {"customer_id": 1}}),
    # those behind it move along; not those behind one that has no customer
    ("lineage.keeps_customer", "move_to_root_customer",
     refs((1, 1), (2, 1, 2), (3, 2, 2), (4, 3), (5, 3, None), (6, 5, 2)),
     {2: {"customer_id": 1}, 3: {"customer_id": 1, "order_ref": 1}}),
    ("lineage.keeps_customer", "move_to_root_customer", refs((1, 99), (2, 1, 2), (3, 2, 3)),
     {2: {"customer_id": 1}, 3: {"customer_id": 1}}),
    ("lineage.keeps_customer", "move_to_root_customer", refs((1, 1, None), (2, 1, 2), (3, 2)), {3: {"customer_id": 2}}),
    ("lineage.keeps_customer", "move_to_root_customer", refs((9, 7), (7, 8, 2), (8, 9), (3, 8, 2)),
     {8: {"customer_id": 2}, 9: {"customer_id": 2}}),
    # all of the lineage references its smallest order; no order references a former first ancestor
    ("lineage.ancestor_is_older", "reroot_to_oldest", refs((5, 5), (3, 5), (8, 5), (4, 5), (6, 6), (7, 6)),
     {5: {"order_ref": 3}, 3: {"order_ref": 3}, 8: {"order_ref": 3}, 4: {"order_ref": 3}}),
    ("lineage.ancestor_is_older", "reroot_to_oldest", refs((1, 1), (5, 1), (3, 5), (8, 5)),
     {3: {"order_ref": 3}, 8: {"order_ref": 3}}),
    ("lineage.ancestor_is_older", "reroot_to_oldest",
     refs((9, 9), (3, 9, 2), (4, 9), (5, 4, 2), (6, 5, 2), (7, 6, 3)),
     {9: {"order_ref": 3}, 3: {"order_ref": 3}, 4: {"order_ref": 3}, 5: {"order_ref": 3}, 6: {"order_ref": 3}}),
    ("lineage.recreated_order_has_successor", "expire", states((1, 1, "active"), (2, 1, "recreated")),
     {2: {"order_status": "expired"}}),
    ("lineage.recreated_order_has_successor", "reactivate", states((1, 1, "recreated"), (2, 1, "recreated")),
     {2: {"order_status": "active"}}),
    ("lineage.one_live_order", "supersede",
     states((1, 1, "active"), (2, 1, "paused"), (3, 1, "cancelled"), (4, 1, "pending"), (5, 1, "recreated")),
     {1: {"order_status": "recreated"}, 2: {"order_status": "recreated"}}),
    # a live order that references an order cancelled here is cancelled, too, up to closed ones
    ("lineage.root_is_not_closed", "cancel",
     states((1, 1, "expired"), (2, 1, "active"), (3, 2, "paused"), (4, 3, "recreated"), (5, 4, "active"),
            (6, 6, "active"), (7, 6, "active"), (8, 7, "active"), (9, 10, "active"), (10, 9, "active")),
     {2: {"order_status": "cancelled"}, 3: {"order_status": "cancelled"}}),
    # spaces and capital letters, nothing else
    ("orders.status_is_known", AUTOMATIC,
     each("order_status", " Active", "PAUSED ", "recreated\n", "canceled", "", None),
     {1: {"order_status": "active"}, 2: {"order_status": "paused"}}),
    ("orders.status_is_known", "cancel", each("order_status", " Active", "recreated\n", "canceled", "", None),
     {order_id: {"order_status": "cancelled"} for order_id in (2, 3, 4, 5)}),
    ("orders.amount_is_not_negative", "absolute", each("order_amount", -1, -343, 0, None),
     {1: {"order_amount": 1}, 2: {"order_amount": 343}}),
    ("orders.live_order_has_amount", "cancel", each("order_amount", 0, 1, None, -1),
     {1: {"order_status": "cancelled"}}),
    ("orders.active_order_has_schedule", "pause", each("order_schedule", "0" * 336, "0" * 335 + "1", None),
     {1: {"order_status": "paused"}}),
    ("orders.active_order_has_schedule", "always_on", each("order_schedule", "0" * 336, "0" * 335 + "1", None),
     {1: {"order_schedule": "1" * 336}}),
    ("orders.active_order_has_delivery", "pause", each("delivery_script_name", None, "", " \t\n\r\f\v", "crm"),
     {order_id: {"order_status": "paused"} for order_id in (1, 2, 3)}),
    # the later one is cancelled, in whatever lineage but that of the first
    ("orders.no_duplicate_live_order", "cancel",
     {**refs((1, 1), (2, 2), (3, 2), (4, 1), (5, None), (6, 6, 2), (7, 7, None), (8, 8, None)),
      9: {"order_amount": 7}, 10: {"order_amount": 7, "order_status": "cancelled"}},
     {order_id: {"order_status": "cancelled"} for order_id in (2, 3, 5, 8)}),
    ("orders.no_duplicate_live_order", "cancel", refs((1, None), (2, 2), (3, None)),
     {2: {"order_status": "cancelled"}}),
    ("orders.script_name_is_identifier", AUTOMATIC,
     each("delivery_script_name", " E-Mail delivery\n", "crm2", "2crm", "-crm", "crm\t2", "cr\u00e9m", "", "a--b  c"),
     {1: {"delivery_script_name": "e_mail_delivery"}, 8: {"delivery_script_name": "a__b__c"}}),
    ("orders.script_name_is_identifier", "clear_script", each("delivery_script_name", "CRM", "2crm", "", "\u00a0crm"),
     {order_id: {"delivery_script_name": None} for order_id in (2, 3, 4)}),
    ("orders.delivery_args_need_script", "clear_args",
     {1: {"delivery_script_name": None, "delivery_script_args": '{"a": 1}'},
      2: {"delivery_script_name": " ", "delivery_script_args": "[]"},
      3: {"delivery_script_name": None, "delivery_script_args": "null"},
      4: {"delivery_script_args": "{}"}},
     {1: {"delivery_script_args": None}, 2: {"delivery_script_args": None}}),
]  # fmt: skip


@pytest.fixture(scope="module", params=[pytest.param("current", marks=pytest.mark.both_versions), "other", "mixed"])
def connection(request: pytest.FixtureRequest, server: Server) -> Iterator[psycopg.Connection]:
    """A database with empty tables of the types, without any constraint but the keys."""
    types = request.param
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, ([], []), types=types, constraints=False)
        connection.execute("create unique index on orders (order_id)")
        connection.execute("create unique index on customers (customer_id)")
        install(connection, TARGET)
        yield connection
    servers.drop_database(server, dsn)


def _plant(connection: psycopg.Connection, orders: Orders) -> None:
    for order_id, order in orders.items():
        row = {"order_id": order_id, "order_ref": order_id, **USUAL, **order}
        connection.execute(
            f"insert into orders ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})".encode(), [*row.values()]
        )


def _values(connection: psycopg.Connection) -> dict[int, dict[str, str | None]]:
    """Every value of every order as text, which is exact."""
    columns = ", ".join(f"{column}::text" for column in dirty_values.ORDER_COLUMNS)
    rows = connection.execute(f"select {columns} from orders".encode()).fetchall()
    return {int(row[0]): dict(zip(dirty_values.ORDER_COLUMNS, row, strict=True)) for row in rows}


def _changes(
    connection: psycopg.Connection, rule: str, option: str, orders: Orders
) -> dict[int, dict[str, str | None]]:
    """The changes of a fix, by order and column; `automatic` runs before an option."""
    fix = FIXES[rule]
    with connection.transaction(force_rollback=True):
        _plant(connection, orders)
        if fix.automatic and option != AUTOMATIC:
            apply(connection, fix, fix.automatic, TARGET, ALONE)
        before = _values(connection)
        chosen = fix.option(option)
        assert chosen is not None
        apply(connection, fix, chosen, TARGET, ALONE)
        after = _values(connection)
    changed = {
        order_id: {column: value for column, value in row.items() if value != before[order_id][column]}
        for order_id, row in after.items()
    }
    return {order_id: row for order_id, row in changed.items() if row}


@pytest.mark.parametrize(
    ("rule", "option", "orders", "changes"),
    [pytest.param(*case, id=f"{number}-{case[0]}-{case[1]}") for number, case in enumerate(CASES)],
)
def test_exactly_these_values_change(
    connection: psycopg.Connection, rule: str, option: str, orders: Orders, changes: Orders
) -> None:
    expected = {
        order_id: {column: None if value is None else str(value) for column, value in row.items()}
        for order_id, row in changes.items()
    }
    assert _changes(connection, rule, option, orders) == expected


@pytest.mark.parametrize(
    ("kind", "value", "becomes"),
    [
        ("smallint", "-32768", None),
        ("integer", "-2147483648", None),
        ("integer", "-2147483647", "2147483647"),
        ("bigint", "-9223372036854775808", None),
        ("bigint", "-2147483648", "2147483648"),
        ("numeric", "-2147483648", "2147483648"),
        ("numeric", "-0.10", "0.10"),
        ("numeric", "-Infinity", None),
        ("float8", "-0.30000000000000004", "0.30000000000000004"),
        ("float8", "-Infinity", None),
    ],
)
def test_an_amount_loses_its_sign_where_it_can(dsn: str, kind: str, value: str, becomes: str | None) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, ([], []), constraints=False)
        connection.execute(f"alter table orders alter column order_amount type {kind}".encode())
        connection.execute("create unique index on orders (order_id)")
        install(connection, TARGET)
        found = _changes(connection, "orders.amount_is_not_negative", "absolute", {1: {"order_amount": value}, 2: {}})
    assert found == ({} if becomes is None else {1: {"order_amount": becomes}})


@pytest.mark.parametrize("kind", ["bit varying", "bit varying(100)", "text"])
def test_a_schedule_of_another_length_is_switched_on(dsn: str, kind: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, ([], []), constraints=False)
        connection.execute(f"alter table orders alter column order_schedule type {kind}".encode())
        connection.execute("create unique index on orders (order_id)")
        install(connection, TARGET)
        orders = each("order_schedule", "0" * 48, "", "01")
        found = _changes(connection, "orders.active_order_has_schedule", "always_on", orders)
    week = "1" * (100 if kind == "bit varying(100)" else 336)
    assert found == {1: {"order_schedule": "1" * 48}, 2: {"order_schedule": week}}


@pytest.mark.parametrize("length", [1, 2, 3, 64, 1000, 20_000])
def test_chains_and_circles_of_any_length(server_18: Server, length: int) -> None:
    """A chain from the largest id to the smallest, and a circle; each order refers to the one before it."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, ([], []), constraints=False)
        connection.execute("create unique index on orders (order_id)")
        install(connection, TARGET)
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id)"
            " select i, greatest(i - 1, 1), 1 from generate_series(1, %(n)s) as i"
            " union all"
            " select %(n)s + i, %(n)s + coalesce(nullif(i - 1, 0), %(n)s), 1 from generate_series(1, %(n)s) as i",
            {"n": length},
        )
        for rule in ("lineage.is_acyclic", "lineage.order_ref_is_first_ancestor"):
            fix = FIXES[rule]
            for option in (fix.automatic, fix.option(fix.recommended)):
                if option is not None:
                    apply(connection, fix, option, TARGET, ALONE)
        found = connection.execute("select order_ref, count(*) from orders group by order_ref order by 1").fetchall()
    assert found == [(1, length), (length + 1, length)]
    servers.drop_database(server_18, dsn)
