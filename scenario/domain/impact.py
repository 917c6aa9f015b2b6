"""The impact of violations: customers, orders, and the sum of the orders' amounts."""

from __future__ import annotations

from typing import Final

from order_audit.domain import Impact, Measure, Related

_AMOUNT: Final = "order amounts, in the table's own unit"
#: Columns of money: a rule that highlights none of them costs nothing that order amounts would measure.
_MONEY: Final = ("customer_balance", "order_amount", "live_amount", "balance_at_recreation")

#: Of a rule on orders: its orders, their customers, their amounts.
_ORDERS: Final = Impact(
    table="orders",
    key="order_id",
    columns=("customer_id", "order_amount"),
    measures=(
        Measure("customers", "count(distinct x.customer_id)", "customer"),
        Measure("orders", "count(*)", "order"),
        Measure("amount", "coalesce(sum(x.order_amount), 0)", _AMOUNT, is_sum=True, about=_MONEY),
    ),
    # without the foreign key the customer does not exist
    null_if={"customer_id": ("schema.reference_has_foreign_key", "orders.customer_id")},
)
#: Of a rule on customers: its customers, their live orders, and those orders' amounts.
_CUSTOMERS: Final = Impact(
    table="customers",
    key="customer_id",
    measures=(
        Measure("customers", "count(*)", "customer"),
        Measure("orders", "coalesce(sum(x.orders), 0)", "live order"),
        Measure("amount", "coalesce(sum(x.amount), 0)", _AMOUNT, is_sum=True, about=_MONEY),
    ),
    related=Related(
        table="orders",
        by="customer_id",
        where="r.order_status::text in ('pending', 'active', 'paused')",
        sums={"orders": "count(*)", "amount": "sum(r.order_amount)"},
        columns=frozenset({"order_id", "customer_id", "order_amount", "order_status"}),
    ),
)
IMPACTS: Final = (_ORDERS, _CUSTOMERS)
