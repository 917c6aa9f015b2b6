"""A lineage, and its repaired form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from order_audit.domain import Figure, Json
from order_audit.scenario.domain.lineage_drawing import Order, lineage

#: Columns of references between orders.
_REFERENCES: Final = {"order_ref", "customer_id", "ancestor_customer_id"}


@dataclass(frozen=True)
class Lineage:
    """Orders that examples lead to by order_ref, and those that come next, with the columns of `ORDER`.

    `keys` are the violating orders among them, `missing` the ids that one of them names and no order has.
    """

    keys: Sequence[Any]
    orders: Sequence[Json]
    missing: Sequence[Any]


def figures(lineages: Sequence[Lineage], highlight: Sequence[str]) -> list[Figure]:
    """Draw lineages; each explanation appears once."""
    references = bool(_REFERENCES & {*highlight})
    explained: set[str] = set()
    return [_figure(it, explained, references=references) for it in lineages]


def _figure(lineage_: Lineage, explained: set[str], *, references: bool) -> Figure:
    """Return a lineage and its repaired form; omit the explanations in `explained`."""
    ids = _listed([str(key) for key in lineage_.keys])
    of = f"{'Order' if len(lineage_.keys) == 1 else 'Orders'} {ids}"
    now = lineage(f"{of}, the orders they lead to, and the next", as_it_is(lineage_, references=references))
    if not references or not _is_whole(lineage_):
        return Figure(of, [("Current", now)])
    then = lineage(f"{of} after repair", as_it_should_be(lineage_))
    head, _, rest = (should := _should(lineage_)).partition(": ")
    heading = head if should in explained else f"{head}: {rest}"
    explained.add(should)
    return Figure(of, [("Current", now), (heading, then)])


def _is_whole(lineage_: Lineage) -> bool:
    """Return whether the diagram has all orders that these lead to."""
    ids = {str(order["order_id"]) for order in lineage_.orders} | {str(id) for id in lineage_.missing}
    return all(order["order_ref"] is None or str(order["order_ref"]) in ids for order in lineage_.orders)


def _should(lineage_: Lineage) -> str:
    """Return the heading of the repaired lineage: the only repair, or one of several."""
    roots = [order for order in lineage_.orders if order["order_id"] == order["order_ref"]]
    if len({order["customer_id"] for order in lineage_.orders}) > 1:
        return (
            "Possible repair: a first ancestor for each customer. Or move the order to the other customer: a decision"
        )
    if len(roots) == 1 and not lineage_.missing and roots[0]["order_id"] == as_it_should_be(lineage_)[0].ref:
        return "Repair: each order names the first ancestor"
    return "Possible repair: one first ancestor, here the smallest id. The choice needs a decision"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def as_it_is(lineage: Lineage, *, references: bool) -> list[Order]:
    """Return the orders of a lineage; with `references`, faults of references are noted."""
    orders = {str(order["order_id"]): order for order in lineage.orders}
    keys = {str(key) for key in lineage.keys}
    customers = len({order["customer_id"] for order in lineage.orders}) > 1
    made = []
    for id, order in orders.items():
        fault = _fault(order, orders, lineage.missing) if references else "violates" if id in keys else ""
        note = _said(order, customers=customers)
        broken = references and bool(fault)
        made.append(Order(order["order_id"], order["order_ref"], note, fault, broken, key=id in keys))
    made += [Order(id, None, "no such order", there=False) for id in lineage.missing]
    return sorted(made, key=_age)


def as_it_should_be(lineage: Lineage) -> list[Order]:
    """The same orders with one first ancestor for those of each customer: the oldest."""
    customers: dict[Any, list[Mapping[str, Any]]] = {}
    for order in lineage.orders:
        customers.setdefault(order["customer_id"], []).append(order)
    made: list[Order] = []
    for theirs in customers.values():
        first = min((order["order_id"] for order in theirs), key=_number)
        made += [Order(order["order_id"], first, _said(order, customers=len(customers) > 1)) for order in theirs]
    return sorted(made, key=_age)


def _said(order: Mapping[str, Any], *, customers: bool) -> str:
    status = str(order["order_status"]) if order["order_status"] is not None else "no status"
    return f"{status}, customer {order['customer_id']}" if customers else status


def _fault(order: Mapping[str, Any], orders: Mapping[str, Mapping[str, Any]], missing: Collection[Any]) -> str:
    id, ref = order["order_id"], order["order_ref"]
    if ref is None:
        return "names nothing"
    if ref in missing:
        return "names no order"
    ancestor = orders.get(str(ref))
    if ancestor is None or id == ref:
        return ""
    if _circles(str(id), orders):
        return "in a circle"
    if ancestor["order_ref"] != ancestor["order_id"]:
        return "names a recreation"
    if ancestor["customer_id"] != order["customer_id"]:
        return "of another customer"
    return "names a later order" if _number(ref) > _number(id) else ""


def _circles(id: str, orders: Mapping[str, Mapping[str, Any]]) -> bool:
    at = id
    for _ in orders:
        if at not in orders:
            return False
        at = str(orders[at]["order_ref"])
        if at == id:
            return True
    return False


def _age(order: Order) -> tuple[float, str]:
    return _number(order.id), str(order.id)


def _number(id: Any) -> float:
    try:
        return float(id)
    except (TypeError, ValueError):
        return 0.0
