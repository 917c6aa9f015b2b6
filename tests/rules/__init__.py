"""Facts on the shipped rules for the tests: `lineage.py` and `lineage_*.py` have all of `lineage.*`, rule by rule.

Of each rule there is a second computation in Python (see `tests.support.oracle`), cases for that (`cases`), and
mutations: faults that turn it red when they are planted in clean data (`mutations`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

from order_audit.expectations import load
from tests.support.oracle import CUSTOMER_RULES, ORDER_RULES, Ledger, known
from tests.support.oracle_rows import Key, Tables

__all__ = ["CHECKABLE", "MODULES", "NOT_CHECKABLE", "area_of", "judge"]


def area_of(module: str) -> str:
    """Return the area of a module's rules: its name up to the first underscore."""
    return module.partition("_")[0]


_AREAS: Final = {rule.id.partition(".")[0] for rule in load("current").rules}
#: The modules of all areas, in the order of their names.
MODULES: Final = tuple(
    import_module(f"{__name__}.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if area_of(path.stem) in _AREAS
)

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
