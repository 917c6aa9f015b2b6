"""Rules on which orders of a lineage are live: of each a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import PAIRINGS, order, refless
from tests.rules.mutations import MUTATIONS, change_order, copy_order, mutation
from tests.support.oracle import Ledger, of_orders
from tests.support.oracle_rows import Order


@of_orders
def lineage_recreated_order_has_successor(order: Order, ledger: Ledger) -> bool:
    """Recreated, but as what?"""
    return order.order_status == "recreated" and order.order_ref is not None and not ledger.has_successor(order)


PAIRINGS["lineage.recreated_order_has_successor"] = [
    ((order(1, status="recreated"), order(2, 1, "recreated"), order(3, 1, "done")), set()),
    ((order(1, status="recreated"), order(2, 1, "recreated")), {2}),
    ((order(5, 1, "recreated"), order(4, 1)), {5}),
    ((order(1, status="recreated"), order(2, status="recreated")), {1, 2}),
    ((order(1, 9, "recreated"), order(2, 9)), set()),
    ((refless(1, "recreated"),), set()),
    ((order(1, status=None), order(2, status="expired")), set()),
    # chains: each names the one before it; or the later one, or a missing one that another names, too
    ((order(1, status="recreated"), order(2, 1, "recreated"), order(3, 2, "recreated"), order(4, 3)), set()),
    ((order(1, status="recreated"), order(2, 1, "recreated"), order(3, 2, "recreated")), {3}),
    ((order(1, 2, "recreated"), order(2, 3, "recreated"), order(3)), set()),
    ((order(5, 1, "recreated"), order(1, 2), order(2, 9), order(6, 9)), set()),
    ((order(5, 1, "recreated"), order(1, 2), order(2, 9), order(4, 9), order(6)), {5}),
    ((order(1, 2, "recreated"), order(2, 1, "recreated"), order(3, 2, "recreated")), {3}),
    # a chain that leads into a circle, with and without a later order that names one of the chain
    (
        (
            *(order(1 + n, 1 + (n + 1) % 5, "recreated") for n in range(5)),
            *(order(20 - n, 19 - n if n < 9 else 3, "recreated") for n in range(10)),
            order(21, 12),
        ),
        set(),
    ),
    (
        (
            *(order(1 + n, 1 + (n + 1) % 5, "recreated") for n in range(5)),
            *(order(20 - n, 19 - n if n < 9 else 3, "recreated") for n in range(10)),
        ),
        {20},
    ),
    # two orders of one number, which lead to different lineages: either may have the successor
    ((order(9, 2, "recreated"), order(2, 7), order(2, 8), order(10, 8)), set()),
    ((order(9, 2, "recreated"), order(2, 7), order(2, 8), order(10, 7)), set()),
    ((order(9, 2, "recreated"), order(2, 7), order(2, 8), order(10, 6)), {9}),
    # without a reference it is no successor, though others are connected through it
    ((order(1, 7, "recreated"), refless(7)), {1}),
    ((order(1, 7, "recreated"), refless(7), order(8, 7)), set()),
    ((order(1, status="recreated"), order(1, status="recreated")), {1}),
]
MUTATIONS += [
    mutation(
        "the successor of a recreated order is deleted",
        "delete from orders where order_id = 202",
        "lineage.recreated_order_has_successor",
    ),
    mutation(
        "the latest order of a lineage is said to be recreated",
        change_order(303, "order_status = 'recreated'"),
        "lineage.recreated_order_has_successor",
    ),
    mutation(
        "a root alone in its lineage is said to be recreated",
        change_order(102, "order_status = 'recreated'"),
        "lineage.recreated_order_has_successor",
    ),
    mutation(
        "the successor of a recreated order is moved to a lineage of its own",
        change_order(702, "order_ref = 702"),
        "lineage.recreated_order_has_successor",
    ),
]


@of_orders
def lineage_one_live_order(order: Order, ledger: Ledger) -> bool:
    """A later order of the lineage is live as well."""
    return order.is_live and any(other.is_live for other in ledger.successors(order))


PAIRINGS["lineage.one_live_order"] = [
    ((order(1), order(2, 1, "paused"), order(3, 1, "pending"), order(4)), {1, 2}),
    ((order(1), order(2, 1, "expired"), order(3, 1, None)), set()),
    ((order(1, status="expired"), order(2, 1)), set()),
    ((order(2, 9), order(3, 9)), {2}),
    ((refless(1), refless(2)), set()),
    ((order(1), order(1)), set()),
]
MUTATIONS += [
    mutation(
        "a recreated root is still active",
        change_order(401, "order_status = 'active'"),
        "lineage.one_live_order",
    ),
    mutation(
        "a recreated recreation is still pending",
        change_order(302, "order_status = 'pending'"),
        "lineage.one_live_order",
    ),
    mutation(
        "a recreated recreation is paused",
        change_order(402, "order_status = 'paused'"),
        "lineage.one_live_order",
    ),
    # In one lineage that is another fault.
    mutation(
        "an order is entered twice in its lineage",
        copy_order(102, '{"order_id": 911}'),
        "lineage.one_live_order",
    ),
]


@of_orders
def lineage_root_is_not_closed(order: Order, ledger: Ledger) -> bool:
    """A live recreation of what has ended."""
    closed = {"cancelled", "expired"}
    is_closed = any(ancestor.order_status in closed for ancestor in ledger.ancestors(order))
    return order.is_live and order.is_recreation and is_closed


PAIRINGS["lineage.root_is_not_closed"] = [
    ((order(1, status="expired"), order(2, 1), order(3, 1, "paused"), order(4, 1, "expired")), {2, 3}),
    ((order(1, status="cancelled"), order(2, 1, "pending")), {2}),
    ((order(1, status="recreated"), order(2, 1)), set()),
    ((order(1, status=None), order(2, 1)), set()),
    ((order(1, status="expired"), order(1), order(2, 1)), {2}),
    ((order(1, status="expired"), order(2, 1, "expired"), order(3, 2)), {3}),
]
MUTATIONS += [
    mutation(
        "the root of a live order is cancelled",
        change_order(201, "order_status = 'cancelled'"),
        "lineage.root_is_not_closed",
    ),
    mutation(
        "the root of a live order is expired",
        change_order(301, "order_status = 'expired'"),
        "lineage.root_is_not_closed",
    ),
    mutation(
        "a cancelled recreation of an expired root is revived",
        change_order(802, "order_status = 'pending'"),
        "lineage.root_is_not_closed",
    ),
]
