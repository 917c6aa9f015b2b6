"""Rules on what an order needs to run: of each a second computation, cases, and mutations."""

from __future__ import annotations

from tests.rules.cases import OFFICE_HOURS, SINGLE_VALUES, values
from tests.rules.mutations import MUTATIONS, change_order, change_schedule, mutation
from tests.support import dirty_values
from tests.support.oracle import Ledger, of_orders
from tests.support.oracle_rows import Order
from tests.support.oracle_values import SCRIPT_NAME


@of_orders
def orders_active_order_has_schedule(order: Order, _: Ledger) -> bool:
    """An active order that never runs."""
    return order.order_status == "active" and order.order_schedule is not None and "1" not in order.order_schedule


SINGLE_VALUES["orders.active_order_has_schedule"] = (
    values("order_schedule", "0" * 336),
    [
        *values("order_schedule", None, "0" * 335 + "1", "1" * 336),
        *(
            {"order_schedule": "0" * 336, "order_status": status}
            for status in ("pending", "paused", None)
        ),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an active order that never runs",
        change_order(404, "order_schedule = repeat('0', 336)::bit(336)"),
        "orders.active_order_has_schedule",
    ),
    mutation(
        "an active order that runs for half an hour a week",
        change_order(404, "order_schedule = (repeat('0', 335) || '1')::bit(336)"),
    ),
]


@of_orders
def orders_active_order_has_delivery(order: Order, _: Ledger) -> bool:
    """An active order that delivers nowhere."""
    return order.order_status == "active" and order.lacks_script


SINGLE_VALUES["orders.active_order_has_delivery"] = (
    values("delivery_script_name", None, "", " \t\n\r\f\v"),
    [
        *values("delivery_script_name", "x", "\u00a0", "\u2003"),
        *({"delivery_script_name": None, "order_status": status} for status in ("pending", None)),
    ],
)  # fmt: skip
MUTATIONS += [
    mutation(
        "an active order without a script",
        change_order(404, "delivery_script_name = null, delivery_script_args = null"),
        "orders.active_order_has_delivery",
    ),
    # A blank name is no identifier.
    mutation(
        "an active order with a blank script",
        change_order(404, r"delivery_script_name = e' \x0b', delivery_script_args = 'null'"),
        "orders.active_order_has_delivery",
        "orders.script_name_is_identifier",
    ),
]


@of_orders
def orders_schedule_repeats_by_day(order: Order, _: Ledger) -> bool:
    """A schedule that repeats, but not by the day."""
    bits = order.order_schedule
    if bits is None or len(set(bits)) < 2:
        return False

    def repeats(period: int) -> bool:
        return bits[period:] == bits[:-period]

    return any(map(repeats, range(2, 168))) and not any(map(repeats, (48, 96, 144)))


SINGLE_VALUES["orders.schedule_repeats_by_day"] = (
    values(
        "order_schedule",
        *(
            dirty_values.repeated("1" + "0" * (period - 1))
            for period in (5, 7, 25, 47, 49, 54, 84, 112, 145, 166, 167)
        ),
        dirty_values.repeated(dirty_values.DRIFTING),
    ),
    values(
        "order_schedule",
        None,
        "0" * 336,
        "1" * 336,
        OFFICE_HOURS,
        *(
            dirty_values.repeated("1" + "0" * (period - 1))
            for period in (2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72, 96, 144, 168, 169, 200, 335)
        ),
        dirty_values.repeated(dirty_values.DRIFTING)[:-1] + "0",
        "0" * 335 + "1",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a schedule with turns of 54 half-hours",
        change_schedule("0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8),
        "orders.schedule_repeats_by_day",
    ),
    mutation(
        "a schedule with turns of 47 half-hours", change_schedule("1" + "0" * 46), "orders.schedule_repeats_by_day"
    ),
    mutation("a schedule with turns of 7 half-hours", change_schedule("1100000"), "orders.schedule_repeats_by_day"),
    mutation(
        "a schedule with turns of 167 half-hours",
        change_schedule("1" + "0" * 166),
        "orders.schedule_repeats_by_day",
    ),
    mutation("a schedule with turns of 168 half-hours", change_schedule("1" + "0" * 167)),
    mutation("a schedule with turns of a day", change_schedule("0" * 18 + "1" * 16 + "0" * 14)),
    mutation("a schedule with turns of two days", change_schedule("0" * 48 + "1" * 48)),
    mutation("a schedule with turns of three days", change_schedule("0" * 48 + "1" * 96)),
    mutation("a schedule with turns of one hour", change_schedule("10")),
    mutation(
        "a schedule is missing",
        change_order(404, "order_schedule = null"),
    ),
]


@of_orders
def orders_script_name_is_identifier(order: Order, _: Ledger) -> bool:
    """A script name that cannot be one."""
    return order.delivery_script_name is not None and not SCRIPT_NAME.fullmatch(order.delivery_script_name)


SINGLE_VALUES["orders.script_name_is_identifier"] = (
    values(
        "delivery_script_name", "", " ", "A", "aB", "_a", "1a", "a-b", "a b", "a\n", " a", "\u00e9",
        "a\u00e9",
    ),
    values("delivery_script_name", None, "a", "a1", "a_", "email_delivery"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a script by a human name",
        change_order(404, "delivery_script_name = 'Bulk Delivery'"),
        "orders.script_name_is_identifier",
    ),
    mutation(
        "a script with a line feed",
        change_order(303, r"delivery_script_name = e'bulk_delivery\n'"),
        "orders.script_name_is_identifier",
    ),
]
