"""The balances of violating customers, and what their live orders come to, looked up and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from order_audit.domain import Example, Figure, Json, Lookup, NoDiagram
from order_audit.reports.formatting import plural
from order_audit.scenario.domain.balance_drawing import balance, short
from order_audit.scenario.domain.orders import LIVE, ORDER

#: The customers that are drawn of one rule at most.
_CUSTOMERS: Final = 5
_CUSTOMER: Final = ("customer_id", "customer_balance")


class BalanceDiagram:
    """Per customer a balance, the order of the example if it is one, and all live orders if they were looked up.

    Facts have `customer_id` and `balance` (a text where it is not finite), and may have `order_id`, `order_amount`,
    `live_orders` and `live_amount`.
    """

    def collect(
        self, lookup: Lookup, examples: Mapping[str, Sequence[Example]]
    ) -> Mapping[str, Sequence[Json] | NoDiagram]:
        """Return the balances of each rule's first customers."""
        customers = lookup.table("customers", _CUSTOMER, "customer_id")
        if isinstance(customers, NoDiagram):
            return dict.fromkeys(examples, customers)
        wanted = {rule: _first(some) for rule, some in examples.items()}
        keys = lookup.literals(dict.fromkeys(key for chosen in wanted.values() for key in chosen))
        rows = lookup.rows(
            "select row_to_json(x.*) from (select t.customer_id, t.customer_balance"
            f" from {customers} as t where t.customer_id in ({keys})) as x"
        )
        by_customer = {str(row["customer_id"]): row for row in rows}
        live = _live_orders(lookup, keys)
        return {
            rule: [_balance(by_customer[key], row, live) for key, row in chosen.items() if key in by_customer]
            for rule, chosen in wanted.items()
        }

    def draw(self, facts: Sequence[Json], highlight: Sequence[str]) -> list[Figure]:  # noqa: ARG002 - the interface's
        """Draw each balance and the amounts to pay from it; a balance alone has no diagram."""
        return [_figure(it) for it in facts if it.get("order_amount") is not None or it.get("live_orders") is not None]


def _first(examples: Sequence[Example]) -> dict[str, Json]:
    """The first customers, each with the first of its rows."""
    chosen: dict[str, Json] = {}
    for example in examples:
        if example.keys and len(chosen) < _CUSTOMERS:
            chosen.setdefault(str(example.keys[0]), example.row)
    return chosen


def _live_orders(lookup: Lookup, keys: str) -> dict[str, Json] | None:
    orders = lookup.table("orders", ORDER, "customer_id", unique=False)
    if isinstance(orders, NoDiagram):
        return None
    rows = lookup.rows(
        "select row_to_json(x.*) from (select o.customer_id, count(*) as orders, coalesce(sum(o.order_amount), 0)"
        f" as amount from {orders} as o where {LIVE} and o.customer_id in ({keys}) group by o.customer_id) as x"
    )
    return {str(row["customer_id"]): row for row in rows}


def _balance(customer: Json, example: Json, live: dict[str, Json] | None) -> Json:
    facts = {"customer_id": customer["customer_id"], "balance": customer["customer_balance"]}
    if "order_id" in example and example.get("order_amount") is not None:
        facts |= {"order_id": example["order_id"], "order_amount": example["order_amount"]}
    if live is not None:
        theirs = live.get(str(customer["customer_id"]), {"orders": 0, "amount": 0})
        return facts | {"live_orders": theirs["orders"], "live_amount": theirs["amount"]}
    if "live_orders" in example and "live_amount" in example:
        return facts | {"live_orders": example["live_orders"], "live_amount": example["live_amount"]}
    return facts


def _figure(facts: Json) -> Figure:
    has = facts["balance"]
    needs: list[tuple[str, Any]] = []
    if facts.get("order_amount") is not None:
        needs.append((f"order {facts['order_id']}", facts["order_amount"]))
    live, amount = facts.get("live_orders"), facts.get("live_amount")
    # the order above is not listed a second time as the only live order
    if live is not None and not (live == 1 and needs and amount == facts.get("order_amount")):
        needs.append((plural(live, "live order") if live else "no live order", amount))
    of = f"Customer {facts['customer_id']}"
    shortage = next((shortage for name, due in needs if (shortage := short(has, name, due))), "")
    drawn = balance(f"{of}: balance and the amounts to pay from it", has, needs)
    return Figure(f"{of}: {shortage}" if shortage else of, [("", drawn)])
