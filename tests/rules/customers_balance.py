"""Rules on balances: of each a second computation, cases, and mutations."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.cases import SINGLE_VALUES, values
from tests.rules.mutations import MUTATIONS, NUMERIC_MONEY, change_customer, change_order, mutation
from tests.support.oracle import Ledger, is_finite, is_number, of_customers
from tests.support.oracle_rows import Customer
from tests.support.oracle_values import cents


@of_customers
def customers_balance_is_not_negative(customer: Customer, _: Ledger) -> bool:
    """Below zero."""
    return is_number(customer.customer_balance) and Decimal(customer.customer_balance) < 0


SINGLE_VALUES["customers.balance_is_not_negative"] = (
    values("customer_balance", "-0.01", "-Infinity", "-5e-324"),
    values("customer_balance", None, "NaN", "Infinity", "0", "-0", "1"),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a negative balance without orders",
        change_customer(6, "customer_balance = -0.01"),
        "customers.balance_is_not_negative",
    ),
    mutation("a balance of minus zero", change_customer(6, "customer_balance = '-0'")),
]


@of_customers
def customers_balance_is_finite(customer: Customer, _: Ledger) -> bool:
    """No sum of money."""
    return not is_finite(customer.customer_balance)


SINGLE_VALUES["customers.balance_is_finite"] = (
    values("customer_balance", None, "NaN", "Infinity", "-Infinity"),
    values("customer_balance", "0", "-1", "1.7976931348623157e+308"),
)  # fmt: skip
MUTATIONS += [
    # NaN is no number, so it covers nothing that is recreated and nothing that is live.
    mutation(
        "the balance behind a lineage is NaN",
        change_customer(3, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind a lineage is missing",
        change_customer(3, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind a lineage is minus infinity",
        change_customer(3, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
        "recreation.is_covered_by_balance",
        "recreation.closed_is_covered_by_balance",
        "recreation.customer_is_not_overcommitted",
    ),
    # Infinity covers everything, but is no balance.
    mutation(
        "the balance behind a lineage is infinity",
        change_customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # A live root is no recreation, but the customer is overcommitted.
    mutation(
        "the balance behind live roots is NaN",
        change_customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the balance behind live roots is missing",
        change_customer(1, "customer_balance = null"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "the amount of a live recreation is missing",
        change_order(303, "order_amount = null"),
    ),
    mutation(
        "a balance of NaN without orders",
        change_customer(6, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
    ),
    mutation("no balance and no orders", change_customer(6, "customer_balance = null"), "customers.balance_is_finite"),
    mutation(
        "an infinite balance without orders",
        change_customer(6, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    # Minus infinity is negative.
    mutation(
        "a balance of minus infinity without orders",
        change_customer(6, "customer_balance = '-infinity'"),
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
    ),
    # Numeric knows NaN and infinity as well.
    mutation(
        "a numeric balance of NaN",
        NUMERIC_MONEY + change_customer(1, "customer_balance = 'nan'"),
        "customers.balance_is_finite",
        "recreation.customer_is_not_overcommitted",
    ),
    mutation(
        "a numeric balance of infinity",
        NUMERIC_MONEY + change_customer(3, "customer_balance = 'infinity'"),
        "customers.balance_is_finite",
    ),
    mutation(
        "a numeric balance in whole cents with zeros",
        NUMERIC_MONEY + change_customer(6, "customer_balance = 9.9000"),
    ),
]


@of_customers
def customers_balance_is_whole_cents(customer: Customer, _: Ledger) -> bool:
    """A fraction of a cent."""
    balance = customer.customer_balance
    return is_finite(balance) and Decimal(balance) != cents(Decimal(balance))


SINGLE_VALUES["customers.balance_is_whole_cents"] = (
    values(
        "customer_balance", "0.30000000000000004", "343.00000000000006", "0.005", "-0.001", "5e-324",
        "1e-07",
    ),
    values(
        "customer_balance", None, "NaN", "Infinity", "-Infinity", "0.3", "12345678901234.56", "1e+23",
        "0.10000",
    ),
)  # fmt: skip
MUTATIONS += [
    mutation(
        "a balance with float drift",
        change_customer(6, "customer_balance = 0.1::float8 + 0.2::float8"),
        "customers.balance_is_whole_cents",
    ),
    mutation(
        "a balance with half a cent, far from any amount",
        change_customer(4, "customer_balance = 3000.295"),
        "customers.balance_is_whole_cents",
    ),
    mutation("a great balance in whole cents", change_customer(6, "customer_balance = 12345678901234.56")),
    mutation("a balance beyond all cents", change_customer(6, "customer_balance = 1e300")),
]
