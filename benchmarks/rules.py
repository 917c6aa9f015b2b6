"""The two sets of rules that are measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from order_audit.expectations import load

SIXTEEN: Final = (
    "lineage.order_ref_exists",
    "lineage.keeps_customer",
    "lineage.ancestor_is_older",
    "lineage.one_live_order",
    "recreation.is_covered_by_balance",
    "recreation.decision_survives_rounding",
    "orders.status_is_known",
    "orders.amount_is_not_negative",
    "orders.live_order_has_amount",
    "orders.active_order_has_schedule",
    "orders.active_order_has_delivery",
    "orders.customer_exists",
    "customers.balance_is_not_negative",
    "customers.balance_is_finite",
    "customers.email_is_unique",
    "customers.state_is_usps_code",
)
_BY_HAND: Final = (Path(__file__).parent / "sql" / "all.sql").read_text(encoding="utf-8")
#: Every rule that the SQL by hand counts.
ALL: Final = tuple(rule.id for rule in load("current").rules if f'as "{rule.id}"' in _BY_HAND)


def queries() -> dict[str, str]:
    """The queries of the sixteen, for tools that have no check of their own for a rule; unordered, for they count."""
    return {
        rule.id: re.sub(r"\norder by \w+\.\w+\s*$", "\n", rule.sql.rstrip())
        for rule in load("current").rules
        if rule.id in SIXTEEN
    }
