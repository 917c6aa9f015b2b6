"""Rules on what orders refer to: of each a second computation, cases, and mutations."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.cases import PAIRINGS, order, refless
from tests.rules.mutations import MUTATIONS, change_order, insert, mutation
from tests.support.oracle import Ledger, is_less, of_orders
from tests.support.oracle_rows import Order


@of_orders
def lineage_order_ref_exists(order: Order, ledger: Ledger) -> bool:
    """An orphan."""
    return not ledger.ancestors(order)


PAIRINGS["lineage.order_ref_exists"] = [
    ((order(1), order(2, 1), order(3, 9)), {3}),
    ((refless(1),), {1}),
    ((order(Decimal(1)), order(2, Decimal("1.0"))), set()),
    ((order(1), order(1, 9)), {1}),
]
MUTATIONS += [
    mutation(
        "an order refers to an order that does not exist",
        change_order(101, "order_ref = 999"),
        "lineage.order_ref_exists",
    ),
    mutation(
        "an order refers to nothing",
        change_order(101, "order_ref = null"),
        "lineage.order_ref_exists",
    ),
    mutation(
        "a root is deleted under one recreation",
        "delete from orders where order_id = 201",
        "lineage.order_ref_exists",
    ),
    mutation(
        "a root is deleted under three recreations",
        "delete from orders where order_id = 401",
        "lineage.order_ref_exists",
    ),
    # A root that refers to nothing is no root any more.
    mutation(
        "a root with a recreation refers to nothing",
        change_order(801, "order_ref = null"),
        "lineage.order_ref_exists",
        "lineage.order_ref_is_first_ancestor",
    ),
    # Nor is a root that refers to an order that does not exist.
    mutation(
        "a root with a recreation becomes an orphan",
        change_order(801, "order_ref = 999"),
        "lineage.order_ref_exists",
        "lineage.order_ref_is_first_ancestor",
    ),
    mutation(
        "two live orphans of one lineage",
        """
        delete from orders where order_id = 401;
        update orders set order_status = 'paused' where order_id = 403
        """,
        "lineage.order_ref_exists",
        "lineage.one_live_order",
    ),
]


@of_orders
def lineage_order_ref_is_first_ancestor(order: Order, ledger: Ledger) -> bool:
    """The ancestor has another ancestor; orders on a cycle are excluded."""
    if order.order_id in ledger.on_cycle:
        return False
    return any(not ancestor.is_root for ancestor in ledger.ancestors(order))


PAIRINGS["lineage.order_ref_is_first_ancestor"] = [
    ((order(1), order(2, 1), order(3, 2), order(4, 3)), {3, 4}),
    ((order(1), order(2, 9), order(3, 2)), {3}),
    ((order(1, 2), order(2, 1), order(3, 1), order(4, 3)), {3, 4}),
    ((order(1, 2), order(2, 3), order(3, 1)), set()),
    ((refless(1), order(2, 1)), {2}),
    ((order(1), order(1, 5), order(2, 1), order(5)), {1, 2}),
    ((order(1), order(1, 2), order(2, 1), order(2)), set()),
    ((order(1, 2), order(2, 1), order(2, 3), order(3, 4), order(4, 5), order(5)), {3}),
]
MUTATIONS += [
    mutation(
        "a closed order refers to its parent instead of its first ancestor",
        insert("(911, 911)", "(912, 911)", "(913, 912)"),
        "lineage.order_ref_is_first_ancestor",
    ),
    mutation(
        "a whole lineage refers to parents",
        "update orders set order_ref = order_id - 1 where order_id between 402 and 404",
        "lineage.order_ref_is_first_ancestor",
    ),
    mutation(
        "a chain of a thousand parents",
        """
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, id - 1, 5, 'cancelled'
        from generate_series(902, 1901) as planted (id)
        """,
        "lineage.order_ref_is_first_ancestor",
    ),
]


@of_orders
def lineage_is_acyclic(order: Order, ledger: Ledger) -> bool:
    """The order is among its own ancestors."""
    return order.order_id in ledger.on_cycle


PAIRINGS["lineage.is_acyclic"] = [
    ((order(1), order(2, 1), order(3, 9)), set()),
    ((order(1, 2), order(2, 1), order(3, 1)), {1, 2}),
    ((order(1, 2), order(2, 3), order(3, 1), order(4, 3), order(5, 4)), {1, 2, 3}),
    (tuple(order(number, number % 50 + 1) for number in range(1, 51)), set(range(1, 51))),
    ((order(5, 7), order(7, 6), order(6, 7)), {6, 7}),
    ((refless(1), order(2, 1)), set()),
    ((order(1), order(1, 2), order(2, 1)), {1, 2}),
    ((order(1), order(1, 2), order(2)), set()),
    ((order(1, 2), order(1, 3), order(3, 1), order(2)), {1, 3}),
]
MUTATIONS += [
    # Somewhere on every cycle an order refers to a younger one.
    mutation(
        "a cycle of two",
        insert("(911, 912)", "(912, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    mutation(
        "a cycle of three",
        insert("(911, 913)", "(912, 911)", "(913, 912)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    mutation(
        "a cycle of three the other way round",
        insert("(911, 912)", "(912, 913)", "(913, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    mutation(
        "a cycle of a thousand",
        """
        insert into orders (order_id, order_ref, customer_id, order_status)
        select id, case id when 1001 then 2000 else id - 1 end, 5, 'cancelled'
        from generate_series(1001, 2000) as planted (id)
        """,
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
    # An order that leads into a cycle is not on it, but its ancestor is no root.
    mutation(
        "a cycle of two and an order that leads into it",
        insert("(911, 912)", "(912, 911)", "(913, 911)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
        "lineage.order_ref_is_first_ancestor",
    ),
    # A chain and a cycle among keys that are not integers.
    mutation(
        "a cycle of numeric keys",
        """
        alter table orders alter column order_id type numeric;
        alter table orders alter column order_ref type numeric;
        """
        + insert("(911.5, 912.5)", "(912.5, 911.5)"),
        "lineage.is_acyclic",
        "lineage.ancestor_is_older",
    ),
]


@of_orders
def lineage_keeps_customer(order: Order, ledger: Ledger) -> bool:
    """A recreation for another customer than its ancestor's."""
    customers = {ancestor.customer_id for ancestor in ledger.ancestors(order)} - {order.customer_id, None}
    return order.is_recreation and order.customer_id is not None and bool(customers)


PAIRINGS["lineage.keeps_customer"] = [
    ((order(1), order(2, 1, customer_id=2), order(3, 1)), {2}),
    ((order(1, customer_id=None), order(2, 1)), set()),
    ((order(1), order(2, 1, customer_id=None)), set()),
    ((order(2, 9, customer_id=2),), set()),
    ((order(1), order(1, customer_id=2)), set()),
    ((order(1), order(1, customer_id=2), order(2, 1)), {2}),
]
MUTATIONS += [
    mutation(
        "a closed recreation changes hands",
        change_order(802, "customer_id = 2"),
        "lineage.keeps_customer",
    ),
    mutation(
        "a live recreation changes hands",
        change_order(404, "customer_id = 2"),
        "lineage.keeps_customer",
    ),
    mutation(
        "a root changes hands",
        change_order(301, "customer_id = 4"),
        "lineage.keeps_customer",
    ),
]


@of_orders
def lineage_ancestor_is_older(order: Order, ledger: Ledger) -> bool:
    """The ancestor came later."""
    return bool(ledger.ancestors(order)) and is_less(order.order_id, order.order_ref)


PAIRINGS["lineage.ancestor_is_older"] = [
    ((order(1, 2), order(2), order(3, 2), order(4, 9)), {1}),
    ((refless(1),), set()),
]
MUTATIONS += [
    mutation(
        "a recreation is older than its root",
        insert("(911, 912)", "(912, 912)"),
        "lineage.ancestor_is_older",
    ),
]
