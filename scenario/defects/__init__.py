"""The kinds of defects in generated data, their violations, and the number that fits.

A kind is in the module of its rule's area, with the SQL of its rows. The truth about generated data is the sum of the
kinds' labels, without running any rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from order_audit.scenario.defects import customers, lineage, orders, recreation
from order_audit.scenario.defects.customers import IDLE_KINDS, TEXT_KINDS
from order_audit.scenario.defects.orders import WHEN_ACTIVE

__all__ = [
    "CUSTOMER_EXISTS", "CUSTOMER_LABELS", "IDLE_KINDS", "LINEAGE_KINDS", "ORDER_KINDS", "PLACES", "RULES",
    "STATUS_IS_KNOWN", "TEXT_KINDS", "WHEN_ACTIVE", "Plan", "plan", "spelled_out",
]  # fmt: skip

#: The two that the constraints of the schema keep out.
CUSTOMER_EXISTS: Final = "orders.customer_exists"
STATUS_IS_KNOWN: Final = "orders.status_is_known"
OVERCOMMITTED: Final = "recreation.customer_is_not_overcommitted"

#: Their order determines the random values of each; the kind with separate customers comes last.
LINEAGE_KINDS: Final = tuple(
    sorted((*lineage.KINDS, *recreation.KINDS, *orders.LINEAGE_KINDS), key=lambda kind: kind.name == OVERCOMMITTED)
)
ORDER_KINDS: Final = orders.KINDS
CUSTOMER_LABELS: Final = (*customers.CUSTOMER_LABELS, *recreation.CUSTOMER_LABELS)

#: The rules that a kind is named by.
RULES: Final = tuple(
    sorted(
        {
            *(kind.name for kind in LINEAGE_KINDS),
            *(kind.name for kind in ORDER_KINDS),
            *(kind.name for kind in (*TEXT_KINDS, *IDLE_KINDS)),
        }
    )
)

#: By name of a place in the SQL: what the rows of a kind have there.
PLACES: Final[dict[str, dict[str, str]]] = {}
_SQL: Final = {
    **{kind.name: kind.sql for kind in LINEAGE_KINDS},
    **{kind.name: kind.sql for kind in (*TEXT_KINDS, *IDLE_KINDS)},
}
for _name, _places in _SQL.items():
    for _place, _expression in _places.items():
        PLACES.setdefault(_place, {})[_name] = _expression
_PLACE: Final = re.compile(r"(?m)^(?P<indent> *)-- defects: (?P<place>\w+)$")


def spelled_out(text: str) -> str:
    """SQL with a branch for each kind where a line `-- defects: PLACE` stands."""

    def branches(match: re.Match[str]) -> str:
        return "\n".join(
            f"{match['indent']}when '{name}' then {expression}" for name, expression in PLACES[match["place"]].items()
        )

    return _PLACE.sub(branches, text)


_ORDER_RULES: Final = len(LINEAGE_KINDS) - 1 + len(ORDER_KINDS)
_CUSTOMER_RULES: Final = len(TEXT_KINDS) + len(IDLE_KINDS) + 1
#: Orders that one planted order of each lineage kind takes, and some to spare for the defects of single orders.
_ORDERS_PER_SHARE: Final = 30
#: The customers of a kind that has its own: no more than this part of them all.
_OWNERS: Final = 10


@dataclass(frozen=True)
class Plan:
    """The numbers of everything: units by lineage kind, customers by kind, and hits of other kinds.

    Customers form groups: first `base`, with ordinary orders, then those of each kind in `groups`. Text defects hit the
    first `text_customers` of them. With `full`, every row has a defect.
    """

    units: dict[str, int]
    groups: dict[str, int]
    base: int
    text_customers: int
    text_hits: int
    order_hits: int
    longest_head: int
    full: bool


def plan(orders: int, customers: int, rate: float) -> Plan:
    """Divide the rows among the kinds: to each the rate, or an even share where that would be too many."""
    if not rate:
        return Plan({}, {}, customers, 0, 0, 0, 0, False)
    wanted = max(1, int(rate * orders + 0.5))
    share = max(1, min(wanted, orders // _ORDERS_PER_SHARE))
    wanted_customers = max(1, int(rate * customers + 0.5))
    customer_share = max(1, min(wanted_customers, customers // _CUSTOMER_RULES))

    idle = [kind.name for kind in IDLE_KINDS]
    units: dict[str, int] = {}
    groups: dict[str, int] = {}
    room = orders
    free_customers = customers - 2  # two are the fewest that a key can be shared by
    for kind in LINEAGE_KINDS:
        if kind.name == OVERCOMMITTED:
            number = min(customer_share, max(1, share // 2), free_customers)
        else:
            number = max(1, share // kind.planted)
        number = min(number, room // kind.rows)
        if kind.owner:
            owners = number if kind.name == OVERCOMMITTED else min(number, max(1, customers // _OWNERS))
            groups[kind.name] = max(0, min(owners, free_customers))
            free_customers -= groups[kind.name]
            number = number if groups[kind.name] else 0
        elif free_customers < 0 and kind.name in ("lineage.keeps_customer", "orders.api_key_belongs_to_one_customer"):
            number = 0
        units[kind.name] = max(0, number)
        room -= units[kind.name] * kind.rows
    for name in idle:
        groups[name] = max(0, min(customer_share, free_customers))
        free_customers -= groups[name]

    text_customers = customers - sum(groups[name] for name in (*idle, OVERCOMMITTED))
    with_heads = sum(units[kind.name] for kind in LINEAGE_KINDS if kind.heads)
    return Plan(
        units=units,
        groups=groups,
        base=customers - sum(groups.values()),
        text_customers=text_customers,
        text_hits=(
            text_customers
            if wanted_customers * _CUSTOMER_RULES >= customers
            else min(text_customers, customer_share * len(TEXT_KINDS))
        ),
        order_hits=orders if wanted * _ORDER_RULES >= orders else wanted * len(ORDER_KINDS),
        # half of the rest, so that most orders have no connection to a defect if there are enough
        longest_head=room // (2 * with_heads) if with_heads else 0,
        full=wanted * _ORDER_RULES >= orders,
    )
