"""What the tests know of the shipped rules: `lineage.py` has all of `lineage.*`, rule by rule.

Of each rule there is a second computation in Python (see `tests.support.oracle`), cases for that (`cases`), and
mutations: faults that turn it red when they are planted in clean data (`mutations`).
"""

from __future__ import annotations

from typing import Final

from order_audit.expectations import load
from tests.rules import customers, lineage, orders, recreation
from tests.support.oracle import CUSTOMER_RULES, ORDER_RULES, Key, Ledger, Tables, known

__all__ = ["AREAS", "CHECKABLE", "NOT_CHECKABLE", "judge"]

AREAS: Final = (customers, lineage, orders, recreation)

#: The rules that the current schema has no columns for, and all others.
NOT_CHECKABLE: Final = frozenset(rule.id for rule in load("current").rules if any(it.table for it in rule.requires))
CHECKABLE: Final = frozenset(rule.id for rule in load("current").rules) - NOT_CHECKABLE


def judge(tables: Tables) -> dict[str, set[Key]]:
    """The keys that violate each rule."""
    ledger = Ledger(tables)
    verdicts: dict[str, set[Key]] = {}
    for name, of_order in ORDER_RULES.items():
        verdicts[name] = known(order.order_id for order in tables.orders if of_order(order, ledger))
    for name, of_customer in CUSTOMER_RULES.items():
        verdicts[name] = known(row.customer_id for row in tables.customers if of_customer(row, ledger))
    return verdicts
