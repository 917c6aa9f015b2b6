"""Figures of orders and customers in the profile: lineages, orders per customer, exposure against balance.

An order's lineage is the one of the order that `order_ref` names, whether that is its parent or its first ancestor; the
first one names itself. Live orders are the pending, the active and the paused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from order_audit.domain import Json, Query
from order_audit.scenario.domain.orders import LIVE

LINEAGE: Final = frozenset({"order_id", "order_ref", "customer_id", "order_status", "order_amount"})
BALANCE: Final = frozenset({"customer_id", "customer_balance"})
#: Longer chains are not followed further.
_DEEPEST: Final = 200
#: Positions that have figures of their own.
_POSITIONS: Final = 10


def lineages(query: Query, tables: Mapping[str, str]) -> Json:
    """Return sizes and depths of lineages, and statuses of orders by position. Raises psycopg.Error.

    Sizes and depths are lists of [size, lineages]; the depth is the longest chain of references below the first order.
    `outside` is the number of orders without a first order: in a cycle, or with a missing ancestor.
    """
    rows = query(
        f"""
        with recursive placed as materialized (
          select order_id, order_ref, order_status::text as status
          from {tables["orders"]} as o
        ), reached as (
          select order_id as root, order_id, status, 0 as depth
          from placed
          where order_ref = order_id
          union all
          select r.root, p.order_id, p.status, r.depth + 1
          from reached as r
          join placed as p on p.order_ref = r.order_id and p.order_ref <> p.order_id
          where r.depth < {_DEEPEST}
        ), ranked as (
          select status, row_number() over w as position, lead(order_id) over w is null as is_last,
            max(depth) over w as depth
          from reached
          window w as (partition by root order by order_id)
        )
        select
          case when grouping(place) = 0 then 'position' when grouping(size) = 0 then 'size'
            when grouping(depth) = 0 then 'depth' when grouping(is_last) = 0 then 'last' else 'all' end as what,
          coalesce(place, size, depth, is_last::int), status, count(*)
        from (
          select least(position, {_POSITIONS + 1}) as place, case when is_last then position end as size,
            case when is_last then depth end as depth, nullif(is_last, false) as is_last, status
          from ranked
        ) as r
        group by grouping sets ((place, status), (is_last, status), (size), (depth), ())
        union all
        select 'placed', null, null, count(*) from placed
        """
    )
    total = {what: n for what, _, _, n in rows if what in ("all", "placed")}
    sizes = _counts(rows, "size")
    # orders that are not last in their lineage have no size: they are in the group without one
    last = [("last", status, n) for what, is_last, status, n in rows if what == "last" and is_last]
    positions = [(str(at), status, n) for what, at, status, n in rows if what == "position"]
    return {
        "lineages": sum(n for _, n in sizes),
        "sizes": sizes,
        "depths": _counts(rows, "depth"),
        "status_by_position": _by_position(positions + last),
        "outside": total["placed"] - total["all"],
    }


def _counts(rows: Iterable[tuple[Any, ...]], what: str) -> list[list[int]]:
    return sorted([at, n] for kind, at, _, n in rows if kind == what and at is not None)


def _by_position(rows: list[tuple[str, str | None, int]]) -> dict[str, dict[str, int]]:
    """Counts by position and status, every status in every position."""
    counts: Counter[tuple[str, str]] = Counter()
    for at, status, n in rows:
        counts[at, "null" if status is None else status] += n
    statuses = sorted({status for _, status in counts})
    places = sorted({at for at, _ in counts}, key=lambda at: (at == "last", int(at) if at != "last" else 0))
    return {
        f"{_POSITIONS + 1}+" if at == str(_POSITIONS + 1) else at: {status: counts[at, status] for status in statuses}
        for at in places
    }


def orders_per_customer(query: Query, tables: Mapping[str, str]) -> Json:
    """How many customers have how many orders, as [least, most, customers]; from ten on, in doubling bands."""
    rows = query(
        f"""
        select case when n < 10 then n else 10 * 2 ^ floor(log(2, n / 10.0)) end::int8 as least,
          count(*), min(n), max(n), sum(n)::int8
        from (
          select coalesce(sum(o.n), 0)::int8 as n
          from {tables["customers"]} as c
          left join (
            select customer_id, count(*) as n -- counted first, so that few rows are joined
            from {tables["orders"]} as o
            group by customer_id
          ) as o on o.customer_id = c.customer_id
          group by c.customer_id
        ) as counted
        group by least
        order by least
        """
    )
    customers_ = sum(row[1] for row in rows)
    return {
        "customers": customers_,
        "mean": sum(row[4] for row in rows) / customers_ if customers_ else None,
        "max": max((row[3] for row in rows), default=None),
        "bands": [[least, least if least < 10 else 2 * least - 1, n] for least, n, *_ in rows],
    }


def exposure(query: Query, tables: Mapping[str, str]) -> Json:
    """Return customers by the share of their balance that live orders need.

    `over` counts customers whose amounts exceed the balance, `unknown` those whose balance is not a number.
    """
    rows = query(
        f"""
        select case
            when coalesce(e.amount, 0) = 0 then 'none'
            when c.balance is null or c.balance in ('NaN', 'Infinity', '-Infinity') then 'unknown'
            when e.amount > c.balance::numeric then 'over'
            when e.amount < c.balance::numeric / 2 then 'under_half'
            else 'half_to_all'
          end as band,
          count(*), coalesce(sum(e.amount), 0)::text
        from (
          select customer_id, customer_balance::text as balance from {tables["customers"]} as c
        ) as c
        left join (
          select o.customer_id, sum(o.order_amount) as amount
          from {tables["orders"]} as o
          where {LIVE}
          group by o.customer_id
        ) as e on e.customer_id = c.customer_id
        group by band
        """
    )
    bands = {band: (n, amount) for band, n, amount in rows}
    return {
        band: {"customers": bands.get(band, (0, "0"))[0], "amount": _amount(bands.get(band, (0, "0"))[1])}
        for band in ("none", "under_half", "half_to_all", "over", "unknown")
    }


def _amount(text: str) -> float | str:
    """A sum as JSON can hold it."""
    amount = float(text)
    return amount if math.isfinite(amount) else str(amount)
