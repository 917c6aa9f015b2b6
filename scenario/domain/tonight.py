"""A forecast of the next recreation: which orders, what they cost each customer, who is overdrawn by them.

Each live order that is the last of its lineage is due. It is recreated if the customer's balance is greater than its
amount, which is the condition of the business and looks at each order alone: several orders of one customer can
overdraw the balance together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from order_audit.domain import Chart, Json, Query
from order_audit.reports.formatting import figure, number, plural
from order_audit.scenario.domain.orders import LIVE

#: Customers that are named, the most overdrawn first, and the orders shown for each.
_CUSTOMERS: Final = 20
_ORDERS: Final = 3
#: The outcomes for orders that are due, in words.
_OUTCOMES: Final = {
    "recreated": "recreated",
    "not_covered": "not covered",
    "without_customer": "no such customer",
}


def forecast(query: Query, tables: Mapping[str, str]) -> Json:
    """Return the numbers of orders by outcome, and the customers by what the recreation costs. Raises psycopg.Error.

    `rounding_decides` lists orders that are decided otherwise in whole cents than with the stored balance. `customers`
    counts those that are charged and those that are overdrawn; `first` has the most overdrawn.
    """
    rows = query(
        f"""
        with due as materialized (
          select o.order_id, o.customer_id, o.order_amount as amount, c.customer_balance as balance,
            c.customer_id is not null as has_customer,
            (c.customer_balance > o.order_amount and c.customer_balance::text <> 'NaN') is true as is_covered,
            (
              c.customer_balance - o.order_amount between -1 and 1
              and (c.customer_balance > o.order_amount)
                <> (round(c.customer_balance::text::numeric, 2) > o.order_amount)
            ) is true as is_close
          from (
            select o.order_ref, max(o.order_id) as last_id
            from {tables["orders"]} as o
            group by o.order_ref
            having max(o.order_id) = max(o.order_id) filter (where {LIVE})
          ) as l
          join {tables["orders"]} as o on o.order_id = l.last_id and o.order_ref = l.order_ref
          left join {tables["customers"]} as c on c.customer_id = o.customer_id
          where {LIVE}
        ), charged as (
          select customer_id, balance, count(*) as orders, sum(amount)::text as amount,
            (balance::text::numeric - sum(amount))::text as remains,
            sum(amount) > balance as is_overdrawn,
            (array_agg(order_id order by order_id))[1:{_ORDERS}] as first_orders
          from due
          where is_covered
          group by customer_id, balance
        ), numbered as (
          select c.*, row_number() over (order by remains::numeric, customer_id) as place
          from charged as c
        )
        select 'due',
          case when is_covered then 'recreated' when has_customer then 'not_covered' else 'without_customer' end,
          count(*), coalesce(sum(amount), 0)::text, null, null, null
        from due
        group by 2
        union all
        select 'close', null, count(*), null, null, null, (array_agg(order_id order by order_id))[1:{_ORDERS}]::text[]
        from due
        where is_close
        union all
        select 'customers', case when is_overdrawn then 'overdrawn' else 'charged' end, count(*), null, null, null, null
        from charged
        group by 2
        union all
        select 'first', customer_id::text, orders, amount, balance::text, remains, first_orders::text[]
        from numbered
        where place <= {_CUSTOMERS}
        """
    )
    by_outcome = {name: (n, amount) for what, name, n, amount, *_ in rows if what == "due"}
    close = next(row for row in rows if row[0] == "close")
    customers = {name: n for what, name, n, *_ in rows if what == "customers"}
    return {
        "orders": {name: by_outcome.get(name, (0, "0"))[0] for name in _OUTCOMES},
        "amount": _number(by_outcome.get("recreated", (0, "0"))[1]),
        "rounding_decides": {"orders": close[2], "first": close[6] or []},
        "customers": {"charged": sum(customers.values()), "overdrawn": customers.get("overdrawn", 0)},
        "first": [_customer(row) for row in rows if row[0] == "first"],
    }


def _customer(row: tuple[Any, ...]) -> Json:
    _, key, orders, amount, balance, remains, first = row
    return {
        "customer_id": key,
        "orders": orders,
        "first_orders": first,
        "amount": _number(amount),
        "balance": _number(balance),
        "remains": _number(remains),
    }


def _number(text: str) -> float | int | str:
    """A number as JSON can hold it."""
    try:
        return int(text)
    except ValueError:
        pass
    found = float(text)
    return found if found - found == 0 else text


def show(figures: Json) -> Iterable[Chart]:
    """Return charts of orders by outcome, and of the customers that are charged most above their balance."""
    close = figures["rounding_decides"]
    amount = figure(figures["amount"])
    note = f"live orders, the last of each lineage, by what becomes of them; the recreated cost {amount}"
    if close["orders"]:
        named = _listed(close["first"], close["orders"])
        note += f"; compared in whole cents, {plural(close['orders'], 'order')} would be decided otherwise: {named}"
    yield Chart(
        "Forecast of the next recreation",
        note,
        "order",
        [(label, figures["orders"][name]) for name, label in _OUTCOMES.items()],
    )
    if not figures["first"]:
        return
    counts = figures["customers"]
    yield Chart(
        "Forecast: customers by what remains of their balance",
        f"{plural(counts['charged'], 'customer')} charged, {counts['overdrawn'] or 'none'} overdrawn. Each order is"
        " compared with the balance by itself, so that several can overdraw it together",
        "order",
        [(f"customer {it['customer_id']}", it["orders"]) for it in figures["first"]],
        [_remains(it) for it in figures["first"]],
    )


def _remains(it: Json) -> str:
    named = _listed(it["first_orders"], it["orders"])
    costs = f"costs {_shown(it['amount'])} of {_shown(it['balance'])}, {_shown(it['remains'])} left"
    return f"{costs}: {'order' if it['orders'] == 1 else 'orders'} {named}"


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return number(value) if round(value, 2) == value else f"{value:,}"  # in full, where fractions of cents decide


def _listed(names: list[str], of: int) -> str:
    return ", ".join(names) + (", …" if of > len(names) else "")
