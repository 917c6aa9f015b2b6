"""Whom and what a failed rule concerns: customers, orders, and the sum of the orders' amounts.

Known for rules on `orders` (its orders, their customers, their amounts) and on `customers` (its customers, their live
orders and those orders' amounts).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from order_audit.audit.analysis.predicates import ReadSet, parse_read_sets
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations.orders import LIVE
from order_audit.reports.document import Impact

#: Tables of orders by schema.
Orders = Mapping[str, Relation]

_COLUMNS: Final = {"order_id", "customer_id", "order_amount", "order_status"}
#: The weakness that lets in orders of customers that do not exist, and nothing else.
_UNREFERENCED: Final = ("schema.reference_has_foreign_key", "orders.customer_id")


def impact_sql(prepared: PreparedRule, values: Sequence[str], hits: str, flag: str, orders: Orders) -> str | None:
    """A query that adds up a task's impact over the hits on which `flag` holds; None for what is not about orders.

    It gives one JSON array [customers, orders, amount]. `values` are the task's columns as the table `hits`, called h,
    has them. Hits of one key count once. Where `weighs_orders`, it reads what `live` makes.
    """
    if concerns_live_orders(prepared, orders):
        return _of_customers(prepared, values, hits, flag)
    if prepared.table is not None and _is_orders(prepared.table) and prepared.table.schema in orders:
        return _of_orders(prepared, prepared.table, values, hits, flag)
    return None


def concerns_live_orders(prepared: PreparedRule, orders: Orders) -> bool:
    """Whether what is at stake are all live orders of the customers that a task finds."""
    table = prepared.table
    return (
        table is not None
        and table.name == "customers"
        and prepared.rule.key == ("customer_id",)
        and table.schema in orders
    )


def live_orders_sql(schema: str, orders: str, customers: Sequence[str]) -> str:
    """The `with` query of the live orders per customer, of those customers that queries give."""
    return f"""{_live(schema)} as materialized (
  select o.customer_id, count(*) as orders, sum(o.order_amount) as amount
  from {orders} as o
  where {LIVE}
    and o.customer_id in (
      {" union all ".join(customers)}
    )
  group by o.customer_id
)"""


def live_orders_read_set() -> ReadSet:
    """Which rows of orders, and which of their columns, `live` reads."""
    return parse_read_sets(f"select o.customer_id, o.order_amount from orders as o where {LIVE}")["orders"]


def _live(schema: str) -> str:
    return quoted(f"live orders in {schema}")


def orders_by_schema(relations: Iterable[Relation]) -> Orders:
    """The tables of orders among these, as far as this role may read what is added up."""
    return {
        relation.schema: relation for relation in relations if _is_orders(relation) and relation.readable >= _COLUMNS
    }


def _is_orders(relation: Relation) -> bool:
    return relation.name == "orders" and relation.columns.keys() >= _COLUMNS


def _of_orders(prepared: PreparedRule, table: Relation, values: Sequence[str], hits: str, flag: str) -> str:
    places = {column.name: place for place, column in enumerate(prepared.columns) if column.name == column.source}
    own = {
        name: values[place] for name, place in places.items() if prepared.query.rows.get(name) == _row_of_key(prepared)
    }
    if {"customer_id", "order_amount"} <= own.keys():
        customer, amount, join = own["customer_id"], own["order_amount"], ""
    else:
        keys = zip(prepared.rule.key, prepared.key, strict=True)
        same = " and ".join(
            f"o.{quoted(prepared.columns[place].source or name)} = {values[place]}" for name, place in keys
        )
        customer, amount, join = (
            "o.customer_id",
            "o.order_amount",
            f"\n    left join {quoted(table)} as o on {same}",
        )
    if any(it.allows and (it.rule, it.object) == _UNREFERENCED for it in prepared.rule.schema_causes):
        customer = "null"  # there is no such customer, who could not be reached
    return f"""select json_build_array(count(distinct x.customer), count(*), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) {customer} as customer, {amount} as amount
    from {hits} as h{join}
    where {flag}
    order by h.place nulls first
  ) as x"""


def _row_of_key(prepared: PreparedRule) -> int:
    """Which row of the table, among those that the rule joins, the key belongs to; -1 where nobody knows."""
    return prepared.query.rows.get(prepared.rule.key[0], -1)


def _of_customers(prepared: PreparedRule, values: Sequence[str], hits: str, flag: str) -> str:
    assert prepared.table is not None  # noqa: S101 - weighs_orders() says so
    return f"""select json_build_array(count(*), coalesce(sum(x.orders), 0), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) l.orders, l.amount
    from {hits} as h
    left join {_live(prepared.table.schema)} as l on l.customer_id = {values[prepared.key[0]]}
    where {flag}
    order by h.place nulls first
  ) as x"""


def parse_impact(text: str) -> Impact:
    """The impact that a sums query gave. A sum that is no number (NaN among the amounts) counts as nothing."""
    customers, orders, amount = json.loads(text, parse_float=Decimal)
    if isinstance(amount, Decimal):
        # beyond 2**53 a float would round, or be infinite
        amount = int(amount) if abs(amount) >= 2**53 or amount == int(amount) else float(amount)
    return Impact(int(customers), int(orders), amount if isinstance(amount, int | float) else 0)
