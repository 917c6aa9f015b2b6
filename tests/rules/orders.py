"""Rules on orders: of each a second computation, cases, and mutations."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.cases import PAIRINGS, SINGLE_VALUES, WISHES, order, refless, values
from tests.rules.mutations import JSONB, MUTATIONS, change_order, copy_order, mutation
from tests.support.oracle import Ledger, of_orders
from tests.support.oracle_rows import Order
from tests.support.oracle_values import STATUSES


@of_orders
def orders_status_is_known(order: Order, _: Ledger) -> bool:
    """No such status."""
    return order.order_status not in STATUSES


SINGLE_VALUES["orders.status_is_known"] = (
    values("order_status", None, "", "Active", "active ", "done"),
    values("order_status", "pending", "active", "paused", "recreated", "cancelled", "expired"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a status in capital letters",
        change_order(102, "order_status = 'Pending'"),
        "orders.status_is_known",
    ),
    mutation(
        "an unknown status",
        change_order(501, "order_status = 'archived'"),
        "orders.status_is_known",
    ),
    mutation(
        "no status",
        change_order(102, "order_status = null"),
        "orders.status_is_known",
    ),
]


@of_orders
def orders_amount_is_not_negative(order: Order, _: Ledger) -> bool:
    """A negative amount."""
    return order.order_amount is not None and order.order_amount < 0


SINGLE_VALUES["orders.amount_is_not_negative"] = (
    values("order_amount", -1, Decimal("-0.01")),
    values("order_amount", None, 0, 1),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a closed order with a negative amount",
        change_order(501, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
    mutation(
        "a live order with a negative amount",
        change_order(303, "order_amount = -1"),
        "orders.amount_is_not_negative",
    ),
]


@of_orders
def orders_live_order_has_amount(order: Order, _: Ledger) -> bool:
    """A live order for nothing."""
    return order.is_live and order.order_amount is not None and order.order_amount == 0


SINGLE_VALUES["orders.live_order_has_amount"] = (
    [{"order_amount": 0, "order_status": status} for status in ("pending", "active", "paused")],
    [
        *(
            {"order_amount": 0, "order_status": status}
            for status in ("expired", "recreated", "Active", None)
        ),
        *values("order_amount", None, -1, 1),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a pending order that buys nothing",
        change_order(102, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
    mutation(
        "an active recreation that buys nothing",
        change_order(404, "order_amount = 0"),
        "orders.live_order_has_amount",
    ),
]


@of_orders
def orders_no_duplicate_live_order(order: Order, ledger: Ledger) -> bool:
    """An earlier live order of another lineage is for the same thing."""
    return order.is_live and any(twin.order_ref != order.order_ref for twin in ledger.earlier_twins(order))


PAIRINGS["orders.no_duplicate_live_order"] = [
    ((order(1), order(2), order(3)), {2, 3}),
    ((order(1), order(2, 1), order(3, 1)), set()),
    ((order(1), order(2, 1), order(3, 9)), {3}),
    ((order(1, status="expired"), order(2), order(3, status="expired"), order(4, status=None)), set()),
    ((order(1, status="pending"), order(2, status="paused")), {2}),
    *(((order(1, **{wish: None}), order(2, **{wish: None})), {2}) for wish in WISHES),
    *(((order(1, **{wish: None}), order(2)), set()) for wish in WISHES),
    ((order(1, delivery_script_args='{"a":1}'), order(2, delivery_script_args='{"a": 1}')), set()),
    ((order(1, order_amount=Decimal("1.0")), order(2, order_amount=Decimal("1.00"))), {2}),
    ((order(1, delivery_script_name="x"), order(2, delivery_script_name="x ")), set()),
    ((refless(1), order(2)), {2}),
    ((order(2), refless(3)), {3}),
    ((refless(1), refless(2)), set()),
    ((order(1), order(1, 2)), set()),
]
MUTATIONS += [
    mutation(
        "an active order is entered twice",
        copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    mutation(
        "a pending order without script and arguments is entered twice",
        copy_order(102, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
    mutation(
        "an order is entered twice, paused",
        copy_order(404, '{"order_id": 911, "order_ref": 911, "order_status": "paused"}'),
        "orders.no_duplicate_live_order",
    ),
    # The copy refers to nothing, which is another lineage than any.
    mutation(
        "an order is entered twice, without an order_ref",
        copy_order(102, '{"order_id": 911, "order_ref": null}'),
        "orders.no_duplicate_live_order",
        "lineage.order_ref_exists",
    ),
    mutation(
        "an order is entered twice, cancelled",
        copy_order(101, '{"order_id": 911, "order_ref": 911, "order_status": "cancelled"}'),
    ),
    mutation(
        "an order is entered twice, but for its amount",
        copy_order(101, '{"order_id": 911, "order_ref": 911, "order_amount": 151}'),
    ),
    mutation(
        "an order is entered twice, but for its schedule",
        copy_order(102, '{"order_id": 911, "order_ref": 911, "order_schedule": "' + "1" * 336 + '"}'),
    ),
    mutation(
        "an order entered twice in jsonb",
        JSONB + copy_order(101, '{"order_id": 911, "order_ref": 911}'),
        "orders.no_duplicate_live_order",
    ),
]


@of_orders
def orders_customer_exists(order: Order, ledger: Ledger) -> bool:
    """An order of nobody."""
    return not ledger.customers_of(order)


SINGLE_VALUES["orders.customer_exists"] = (
    values("customer_id", None, 2, 0),
    values("customer_id", 1, Decimal("1.0")),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a customer is deleted under closed and live orders",
        "delete from customers where customer_id = 3",
        "orders.customer_exists",
    ),
    mutation(
        "a closed order of no customer",
        change_order(501, "customer_id = null"),
        "orders.customer_exists",
    ),
    mutation(
        "a recreation of no customer",
        change_order(303, "customer_id = null"),
        "orders.customer_exists",
    ),
    # A recreation of a customer that does not exist has not the customer of its ancestor either.
    mutation(
        "a recreation of a customer that does not exist",
        change_order(303, "customer_id = 99"),
        "orders.customer_exists",
        "lineage.keeps_customer",
    ),
]
