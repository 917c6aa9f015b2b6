"""Whom and what a failed rule concerns: customers, orders, and the sum of the orders' amounts.

Known for rules on `orders` (its orders, their customers, their amounts) and on `customers` (its customers, their live
orders and those orders' amounts).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from audit.catalog import Relation
from audit.outcome import Impact
from audit.sql import quoted
from audit.task import Task

_COLUMNS: Final = {"order_id", "customer_id", "order_amount", "order_status"}


@dataclass(frozen=True)
class Stake:
    """How to add up what is at stake among the hits of a scan.

    `tables` are further `with` queries that the sums read; `sums` is a query of `hits as h` that gives one JSON array
    [customers, orders, amount]. Hits of one key count once.
    """

    tables: str
    sums: str


def stake(task: Task, values: Sequence[str], flag: str, orders: Mapping[str, Relation]) -> Stake | None:
    """How to add up a task's impact over the hits on which `flag` holds; None for tables that are not about orders.

    `values` are the task's columns as the hits have them, `orders` the tables of orders by schema.
    """
    table = task.table
    if table is None:
        return None
    if _is_orders(table):
        return _of_orders(task, table, values, flag) if table.schema in orders else None
    if table.name == "customers" and task.rule.key == ("customer_id",) and table.schema in orders:
        return _of_customers(values[task.key[0]], flag, orders[table.schema])
    return None


def orders_by_schema(relations: Iterable[Relation]) -> dict[str, Relation]:
    """The tables of orders among these, as far as this role may read what is added up."""
    return {
        relation.schema: relation for relation in relations if _is_orders(relation) and relation.readable >= _COLUMNS
    }


def _is_orders(relation: Relation) -> bool:
    return relation.name == "orders" and relation.columns.keys() >= _COLUMNS


def _of_orders(task: Task, table: Relation, values: Sequence[str], flag: str) -> Stake:
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
    return Stake(
        "",
        f"""select json_build_array(count(distinct x.customer), count(*), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) {customer} as customer, {amount} as amount
    from hits as h{join}
    where {flag}
    order by h.place nulls first
  ) as x""",
    )


def _row_of_key(task: Task) -> int:
    """Which row of the table, among those that the rule joins, the key belongs to; -1 where nobody knows."""
    return task.shape.rows.get(task.rule.key[0], -1)


def _of_customers(key: str, flag: str, orders: Relation) -> Stake:
    return Stake(
        f"""live as materialized (
  select o.customer_id, count(*) as orders, sum(o.order_amount) as amount
  from {quoted(orders)} as o
  where o.order_status::text in ('pending', 'active', 'paused')
    and o.customer_id in (select {key} from hits as h)
  group by o.customer_id
)""",
        f"""select json_build_array(count(*), coalesce(sum(x.orders), 0), coalesce(sum(x.amount), 0))::text
  from (
    select distinct on (h.place) l.orders, l.amount
    from hits as h
    left join live as l on l.customer_id = {key}
    where {flag}
    order by h.place nulls first
  ) as x""",
    )


def read(sums: str) -> Impact:
    """The impact that a sums query gave. A sum that is no number (NaN among the amounts) counts as nothing."""
    customers, orders, amount = json.loads(sums, parse_float=Decimal)
    if isinstance(amount, Decimal):
        # beyond 2**53 a float would round, or be infinite
        amount = int(amount) if abs(amount) >= 2**53 or amount == int(amount) else float(amount)
    return Impact(int(customers), int(orders), amount if isinstance(amount, int | float) else 0)
