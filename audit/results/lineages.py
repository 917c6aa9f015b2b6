"""The ancestors of violating orders, to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from order_audit.audit import mask
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.results.look_up import ORDER, listed, look, named, reachable
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.reports.document import JsonObject, Lineage, NoDiagram

#: What is drawn of one rule at most: lineages, orders of each.
_LINEAGES: Final = 3
_STEPS: Final = 8
_FAILED: Final = NoDiagram("looking its rows up failed, for want of a right or of time", "")

#: Orders by their id, as text.
_Orders = dict[str, JsonObject]


@dataclass
class _Walk:
    """A lineage as it is put together."""

    keys: list[Any] = field(default_factory=list)
    orders: _Orders = field(default_factory=dict)
    missing: list[Any] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        return {*self.orders, *map(str, self.missing)}


def lineages(
    connection: psycopg.Connection,
    schema: str,
    prepared_rules: list[PreparedRule],
    outcomes: Mapping[str, Outcome],
    *,
    unmask: bool,
) -> dict[str, tuple[Lineage, ...] | NoDiagram]:
    table = reachable(connection, schema, "orders", ORDER)
    if isinstance(table, NoDiagram):
        return {prepared.rule.id: table for prepared in prepared_rules}
    starts = {
        prepared.rule.id: [named(prepared, row) for row in outcomes[prepared.rule.id].examples]
        for prepared in prepared_rules
    }
    orders = _ancestors(connection, table, [key for rows in starts.values() for keys in rows for key in keys], unmask)
    if not orders and any(keys for rows in starts.values() for keys in rows):
        return dict.fromkeys(starts, _FAILED)
    return {rule: _drawn(orders, rows) for rule, rows in starts.items()}


def _drawn(orders: _Orders, rows: Iterable[list[Any]]) -> tuple[Lineage, ...]:
    """What the examples lead to, those together that meet: a chain, a circle, orders with one missing ancestor."""
    drawn: list[_Walk] = []
    for keys in rows:
        if not keys or str(keys[0]) not in orders:
            continue
        shown, missing = _walked(orders, keys)
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
    return tuple(
        Lineage(
            tuple(it.keys), tuple({name: order[name] for name in ORDER} for order in it.orders.values()),
            tuple(it.missing),
        )
        for it in drawn
    )  # fmt: skip


def _ancestors(connection: psycopg.Connection, table: Relation, keys: list[Any], unmask: bool) -> _Orders:
    """Orders and what they lead to, some steps far."""
    columns = ", ".join(f"o.{column}" for column in ORDER)
    rows = look(
        connection,
        f"""with recursive walk as (
  select {columns}, 1 as step from {quoted(table)} as o where o.order_id in ({listed(keys)})
  union
  select {columns}, w.step + 1
  from walk as w
  join {quoted(table)} as o on o.order_id = w.order_ref
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
        if isinstance(row["order_status"], str) and not unmask:
            row["order_status"] = mask.value(row["order_status"], mask.TEXT, {"order_status"})
    return {str(row["order_id"]): row for row in rows}


def _walked(orders: _Orders, keys: list[Any]) -> tuple[_Orders, list[Any]]:
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
