"""The ancestors of violating orders and the orders that follow them, to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from order_audit.domain import Example, Figure, Json, Lookup, NoDiagram
from order_audit.scenario.domain.lineage_figure import Lineage, figures
from order_audit.scenario.domain.orders import ORDER

#: Limits of one rule's diagrams: lineages, orders of each.
_LINEAGES: Final = 3
_STEPS: Final = 8
_FAILED: Final = NoDiagram("looking its rows up failed, for want of a right or of time", "")

#: Orders by their id, as text.
_Orders = dict[str, Json]


@dataclass
class _Walk:
    """A lineage under construction."""

    keys: list[Any] = field(default_factory=list)
    orders: _Orders = field(default_factory=dict)
    missing: list[Any] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        return {*self.orders, *map(str, self.missing)}


class LineageDiagram:
    """The orders that examples lead to by order_ref, and the next order of each; those together that meet."""

    def collect(
        self, lookup: Lookup, examples: Mapping[str, Sequence[Example]]
    ) -> Mapping[str, Sequence[Json] | NoDiagram]:
        """Return lineages as `Lineage` has them."""
        table = lookup.table("orders", ORDER, "order_id")
        if isinstance(table, NoDiagram):
            return dict.fromkeys(examples, table)
        keys = [key for some in examples.values() for example in some for key in example.keys]
        following = _following(lookup, table, keys)
        orders = _ancestors(lookup, table, [*keys, *following.values()])
        if not orders and keys:
            return dict.fromkeys(examples, _FAILED)
        return {
            rule: [asdict(it) for it in _lineages(orders, following, [example.keys for example in some])]
            for rule, some in examples.items()
        }

    def draw(self, facts: Sequence[Json], highlight: Sequence[str]) -> list[Figure]:
        """Draw each lineage, and its repaired form if its references are wrong."""
        return figures([Lineage(**it) for it in facts], highlight)


def _lineages(orders: _Orders, following: Mapping[str, Any], rows: Iterable[Sequence[Any]]) -> Iterable[Lineage]:
    """Return the lineages of the examples, with the next order of each; examples that meet share one."""
    drawn: list[_Walk] = []
    for keys in rows:
        if not keys or str(keys[0]) not in orders:
            continue
        shown, missing = _walked(orders, keys)
        with_next = _walked(orders, [*keys, *(following[str(key)] for key in keys if str(key) in following)])
        if len(with_next[0]) <= _STEPS:
            shown, missing = with_next
        ids = {*shown, *map(str, missing)}
        same = next((it for it in drawn if ids & it.ids), None)
        if same is None and len(drawn) < _LINEAGES:
            same = _Walk()
            drawn.append(same)
        # as a whole or not at all: an order without its ancestor would look like an orphan
        if same is not None and len({*same.orders, *shown}) <= _STEPS:
            same.keys.append(orders[str(keys[0])]["order_id"])
            same.orders |= shown
            same.missing = list(dict.fromkeys([*same.missing, *missing]))
    for it in drawn:
        yield Lineage(it.keys, [{name: order[name] for name in ORDER} for order in it.orders.values()], it.missing)


def _following(lookup: Lookup, table: str, keys: Iterable[Any]) -> dict[str, Any]:
    """By order, the next one that names it or what it names; none on a large table without an index on order_ref."""
    if isinstance(lookup.table("orders", ORDER, "order_ref", unique=False), NoDiagram):
        return {}
    rows = lookup.rows(
        f"""select json_build_object('key', k.order_id, 'next', min(n.order_id))
from (
  select order_id, order_id as ref from {table} where order_id in ({lookup.literals(keys)})
  union
  select order_id, order_ref from {table} where order_id in ({lookup.literals(keys)})
) as k
join {table} as n on n.order_ref = k.ref and n.order_id > k.order_id
group by k.order_id"""
    )
    return {str(row["key"]): row["next"] for row in rows}


def _ancestors(lookup: Lookup, table: str, keys: Iterable[Any]) -> _Orders:
    """Orders and what they lead to, some steps far."""
    columns = ", ".join(f"o.{column}" for column in ORDER)
    rows = lookup.rows(
        f"""with recursive walk as (
  select {columns}, 1 as step from {table} as o where o.order_id in ({lookup.literals(keys)})
  union
  select {columns}, w.step + 1
  from walk as w
  join {table} as o on o.order_id = w.order_ref
  where w.step < {_STEPS} and w.order_ref <> w.order_id
)
select row_to_json(x.*)
from (
  select distinct on (order_id) {", ".join(ORDER)}, min(step) over (partition by order_id) as step
  from walk
  order by order_id, order_ref, customer_id
) as x""",
    )
    for row in rows:
        if isinstance(row["order_status"], str):
            row["order_status"] = lookup.masked(row["order_status"], "order_status")
    return {str(row["order_id"]): row for row in rows}


def _walked(orders: _Orders, keys: Sequence[Any]) -> tuple[_Orders, list[Any]]:
    """The orders that some lead to, and the ids that no order has; what lies further is in neither."""
    walked: _Orders = {}
    missing: list[Any] = []
    for key in map(str, keys):
        at = key
        while at in orders and at not in walked:
            order = walked[at] = orders[at]
            ref = order["order_ref"]
            at = str(ref)
            # an order that was found at the last step was not followed
            if ref is not None and at not in orders and order["step"] < _STEPS and ref not in missing:
                missing.append(ref)
    return walked, missing
