"""Rules on recreations: of each a second computation, cases, and mutations."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.cases import PAIRINGS, customer, funded, order, refless
from tests.rules.mutations import MUTATIONS, NUMERIC_MONEY, change_customer, change_order, mutation
from tests.support.oracle import Ledger, is_finite, is_number, of_customers, of_orders
from tests.support.oracle_rows import Customer, Order
from tests.support.oracle_values import EXACT, cents, rank


@of_orders
def recreation_is_covered_by_balance(order: Order, ledger: Ledger) -> bool:
    """A live recreation that the balance does not cover."""
    return order.is_live and order.is_recreation and ledger.is_uncovered(order)


PAIRINGS["recreation.is_covered_by_balance"] = [
    ((order(1, order_amount=2000), order(2, 1, order_amount=2000)), {2}),
    ((order(2, 1, order_amount=1000), order(3, 1, order_amount=999)), {2}),
    ((order(2, 1, "pending", order_amount=1000), order(3, 1, "expired", order_amount=1000)), {2}),
    ((order(2, 9, order_amount=1000),), {2}),
    ((order(2, 1, customer_id=9), order(3, 1, customer_id=None)), set()),
    *((funded(balance, order(2, 1, order_amount=None)), set()) for balance in ("NaN", "-1", None)),
    *((funded(balance, order(2, 1, order_amount=-5)), {2}) for balance in ("NaN", "-Infinity", None, "-5")),
    (funded("Infinity", order(2, 1)), set()),
    (funded("343.00000000000006", order(2, 1, order_amount=343)), set()),
    ((order(2, 1), customer(1), customer(1, customer_balance="100")), {2}),
    ((refless(1, order_amount=2000),), set()),
]
MUTATIONS += [
    # 120 is the amount of the live recreation; the closed orders before it cost less.
    mutation(
        "a balance is equal to the amount of a live recreation",
        change_customer(3, "customer_balance = 120"),
        "recreation.is_covered_by_balance",
    ),
    # An amount that exceeds the balance makes the sum exceed it.
    mutation(
        "a balance is less than the amount of a live recreation",
        change_customer(3, "customer_balance = 119.5"),
        "recreation.is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "a numeric balance equal to the amount",
        NUMERIC_MONEY + change_customer(3, "customer_balance = 120.00"),
        "recreation.is_covered_by_balance",
    ),
]


@of_orders
def recreation_closed_is_covered_by_balance(order: Order, ledger: Ledger) -> bool:
    """A past recreation that the present balance does not cover."""
    was_recreated = order.order_status == "recreated" and (order.is_root or order.is_recreation)
    has_expired = order.order_status == "expired" and order.is_recreation
    return (was_recreated or has_expired) and ledger.is_uncovered(order)


PAIRINGS["recreation.closed_is_covered_by_balance"] = [
    (funded("1", order(1, status="recreated"), order(2, 1, "recreated")), {1, 2}),
    (funded("1", order(1, status="expired"), order(2, 1, "expired")), {2}),
    (funded("1", order(1), order(2, 1), order(3, 1, "cancelled"), order(4, 1, "done")), set()),
    (funded("100", order(1, status="recreated"), order(2, 1, "expired", order_amount=99)), {1}),
    *((funded(balance, order(2, 1, "expired")), {2}) for balance in (None, "NaN", "-Infinity")),
    *((funded(balance, order(2, 1, "expired", order_amount=None)), set()) for balance in (None, "NaN")),
    (funded("Infinity", order(2, 1, "expired")), set()),
    ((order(2, 1, "expired", customer_id=9), order(3, 1, "recreated", customer_id=None)), set()),
    (funded("1", refless(1, "recreated"), refless(2, "expired")), set()),
]
MUTATIONS += [
    mutation(
        "a closed recreation costs as much as the balance",
        change_order(302, "order_amount = 500"),
        "recreation.closed_is_covered_by_balance",
    ),
    mutation(
        "a recreated root costs more than the balance",
        change_order(301, "order_amount = 501"),
        "recreation.closed_is_covered_by_balance",
    ),
    mutation(
        "an expired recreation costs more than the balance",
        change_order(602, "order_amount = 3001"),
        "recreation.closed_is_covered_by_balance",
    ),
    mutation(
        "a cancelled recreation costs more than the balance",
        change_order(702, "order_amount = 100000"),
    ),
    mutation(
        "an expired root costs more than the balance",
        change_order(901, "order_amount = 100000"),
    ),
]


@of_customers
def recreation_customer_is_not_overcommitted(customer: Customer, ledger: Ledger) -> bool:
    """The live orders together cost more than there is."""
    orders, balance = ledger.live_orders(customer), customer.customer_balance
    if not orders or not is_number(balance):
        return bool(orders)
    total = Decimal(0)
    for live in orders:
        total = EXACT.add(total, Decimal(live.order_amount or 0))
    if ledger.tables.float_balances:
        return rank(float(total)) > rank(float(balance))
    return rank(total) > rank(Decimal(balance))


PAIRINGS["recreation.customer_is_not_overcommitted"] = [
    ((order(1, order_amount=600), order(2, order_amount=401)), {1}),
    ((order(1, order_amount=600), order(2, order_amount=400)), set()),
    ((order(1, order_amount=600), order(2, status="expired", order_amount=401)), set()),
    ((order(1, order_amount=600), refless(2, order_amount=401)), {1}),
    ((order(1), customer(1, customer_balance="NaN"), customer(2, customer_balance="NaN")), {1}),
    ((order(1), customer(1, customer_balance=None), customer(2, customer_balance=None)), {1}),
    (funded(None, order(1, order_amount=None)), {1}),
    (funded("0", order(1, order_amount=None)), set()),
    (funded("-1", order(1, order_amount=None)), {1}),
    (funded("5", order(1, order_amount=None), order(2, order_amount=6)), {1}),
    (funded("-Infinity", order(1, status="expired")), set()),
    (funded("-Infinity", order(1, order_amount=0)), {1}),
    (funded("Infinity", order(1, order_amount=10**9)), set()),
    ((order(1, order_amount=1100), customer(1), customer(1, customer_balance="2000")), {1}),
    ((order(1, order_amount=2000, customer_id=None),), set()),
]
MUTATIONS += [
    mutation(
        "one live root costs more than the balance",
        change_order(101, "order_amount = 1001"),
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "two live roots cost more than the balance together",
        change_order(101, "order_amount = 801"),
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "two live roots cost exactly the balance together",
        change_order(101, "order_amount = 800"),
    ),
]


@of_orders
def recreation_decision_survives_rounding(order: Order, ledger: Ledger) -> bool:
    """A fraction of a cent decides whether money is spent."""
    amount = order.order_amount
    balances = [customer.customer_balance for customer in ledger.customers_of(order)]
    return (
        order.is_live
        and amount is not None
        and any(
            ledger.exceeds(balance, amount) != (rank(cents(Decimal(balance))) > rank(Decimal(amount)))
            for balance in balances
            if is_finite(balance)
        )
    )


PAIRINGS["recreation.decision_survives_rounding"] = [
    (funded("343.00000000000006", order(1, order_amount=343)), {1}),
    (funded("343.004", order(1, 2, order_amount=343)), {1}),
    *((funded(fine, order(1, order_amount=343)), set()) for fine in ("343.005", "342.995", "343", "-343")),
    (funded("5e-324", order(1, order_amount=0)), {1}),
    (funded("-0.005", order(1, order_amount=0)), set()),
    (funded("342.996", order(1, order_amount=Decimal("342.999"))), {1}),
    (funded("-0.001", order(1, order_amount=Decimal("-0.005"))), set()),
    (funded("-0.005", order(1, order_amount=Decimal("-0.008"))), {1}),
    (funded("343.004", order(1, status="expired", order_amount=343)), set()),
    (funded("343.004", order(1, order_amount=None)), set()),
    (funded("343.004", order(1, order_amount=343, customer_id=2)), set()),
    *((funded(odd, order(1, order_amount=343)), set()) for odd in ("NaN", "Infinity", "-Infinity", None)),
]
MUTATIONS += [
    # A balance that float drift has moved is not in whole cents.
    mutation(
        "float drift decides about a live root",
        change_order(103, "order_status = 'cancelled'")
        + ";"
        + change_order(101, "order_amount = 343")
        + ";"
        + change_customer(1, "customer_balance = 343.00000000000006"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    mutation(
        "float drift decides about a live recreation",
        change_customer(3, "customer_balance = 120.00000000000001"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    # A tenth of a cent is more than the amount, but not in whole cents.
    mutation(
        "a numeric balance a tenth of a cent above the amount",
        NUMERIC_MONEY + change_customer(3, "customer_balance = 120.001"),
        "recreation.decision_survives_rounding",
        "customers.balance_is_whole_cents",
    ),
    # Only the rounded balance covers the amount.
    mutation(
        "a numeric balance that rounding lifts above the amount",
        NUMERIC_MONEY
        + change_customer(3, "customer_balance = 120.006")
        + ";"
        + change_order(303, "order_amount = 120.008"),
        "recreation.decision_survives_rounding",
        "recreation.is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
        "customers.balance_is_whole_cents",
    ),
]
