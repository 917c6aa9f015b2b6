"""Whom and what a failed rule concerns: customers, orders, and the sum of the orders' amounts.

Known for rules on `orders` (its orders, their customers, their amounts) and on `customers` (its customers, their live
orders and those orders' amounts).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from order_audit.audit.analysis.predicates import Need, needs_of
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import Task
from order_audit.expectations.orders import LIVE
from order_audit.reports.document import Impact

#: Tables of orders by schema.
Orders = Mapping[str, Relation]

_COLUMNS: Final = {"order_id", "customer_id", "order_amount", "order_status"}
#: The weakness that lets in orders of customers that do not exist, and nothing else.
_UNREFERENCED: Final = ("schema.reference_has_foreign_key", "orders.customer_id")


def sums(task: Task, values: Sequence[str], hits: str, flag: str, orders: Orders) -> str | None:
    """A query that adds up a task's impact over the hits on which `flag` holds; None for what is not about orders.

    It gives one JSON array [customers, orders, amount]. `values` are the task's columns as the table `hits`, called h,
    has them. Hits of one key count once. Where `weighs_orders`, it reads what `live` makes.
    """
    if weighs_orders(task, orders):
        return _of_customers(task, values, hits, flag)
    if task.table is not None and _is_orders(task.table) and task.table.schema in orders:
        return _of_orders(task, task.table, values, hits, flag)
    return None


def weighs_orders(task: Task, orders: Orders) -> bool:
    """Whether what is at stake are all live orders of the customers that a task finds."""
    table = task.table
    return (
        table is not None and table.name == "customers" and task.rule.key == ("customer_id",) and table.schema in orders
    )


def live(schema: str, orders: str, customers: Sequence[str]) -> str:
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


def live_orders() -> Need:
    """Which rows of orders, and which of their columns, `live` reads."""
    return needs_of(f"select o.customer_id, o.order_amount from orders as o where {LIVE}")["orders"]


def _live(schema: str) -> str:
    return quoted(f"live orders in {schema}")


def orders_by_schema(relations: Iterable[Relation]) -> Orders:
    """The tables of orders among these, as far as this role may read what is added up."""
    return {
        relation.schema: relation for relation in relations if _is_orders(relation) and relation.readable >= _COLUMNS
    }


def _is_orders(relation: Relation) -> bool:
    return relation.name == "orders" and relation.columns.keys() >= _COLUMNS


def _of_orders(task: Task, table: Relation, values: Sequence[str], hits: str, flag: str) -> str:
    places = {column.name: place for place, column in enumerate(task.columns) if column.name == column.source}
    own = {name: values[place] for name, place in places.items() if task.shape.rows.get(name) == _row_of_key(task)}
    if {"customer_id", "order_amount"} <= own.keys():
        customer, amount, join = own["customer_id"], own["order_amount"], ""
    else:
        keys = zip(task.rule.key, task.key, strict=True)
        same = " and ".join(f"o.{quoted(task.columns[place].source or name)} = {values[place]}" for name, place in keys)
        customer, amount, join = (
            "o.customer_id",
            "o.order_amount",
            f"\n    left join {quoted(table)} as o on {same}",
        )
    if any(it.allows and (it.rule, it.object) == _UNREFERENCED for it in task.rule.schema_causes):
        customer = "null"  # there is no such customer, who could not be reached
    return f"""select json_build_array(count(distinct x.customer), count(*), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) {customer} as customer, {amount} as amount
    from {hits} as h{join}
    where {flag}
    order by h.place nulls first
  ) as x"""


def _row_of_key(task: Task) -> int:
    """Which row of the table, among those that the rule joins, the key belongs to; -1 where nobody knows."""
    return task.shape.rows.get(task.rule.key[0], -1)


def _of_customers(task: Task, values: Sequence[str], hits: str, flag: str) -> str:
    assert task.table is not None  # noqa: S101 - weighs_orders() says so
    return f"""select json_build_array(count(*), coalesce(sum(x.orders), 0), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) l.orders, l.amount
    from {hits} as h
    left join {_live(task.table.schema)} as l on l.customer_id = {values[task.key[0]]}
    where {flag}
    order by h.place nulls first
  ) as x"""


def read(text: str) -> Impact:
    """The impact that a sums query gave. A sum that is no number (NaN among the amounts) counts as nothing."""
    customers, orders, amount = json.loads(text, parse_float=Decimal)
    if isinstance(amount, Decimal):
        # beyond 2**53 a float would round, or be infinite
        amount = int(amount) if abs(amount) >= 2**53 or amount == int(amount) else float(amount)
    return Impact(int(customers), int(orders), amount if isinstance(amount, int | float) else 0)
