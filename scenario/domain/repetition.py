"""Schedules of live orders, and what recreations repeat of the order that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from order_audit.domain import WHOLE, Chart, Json, Query
from order_audit.reports.formatting import plural, size
from order_audit.scenario.domain.orders import LIVE

SCHEDULE: Final = frozenset({"order_id", "customer_id", "order_status", "order_schedule"})
#: Attributes of an order that a recreation may share with the order that it names, as the server can compare them.
_ATTRIBUTES: Final = {
    "customer_id": "customer_id",
    "order_schedule": "order_schedule",
    "delivery_script_name": "delivery_script_name",
    "delivery_script_args": "delivery_script_args::text",
    "order_amount": "order_amount",
}
REPEATED: Final = frozenset({"order_id", "order_ref", *_ATTRIBUTES})
#: Half-hours of a week; those from 22:00 to 06:00, with the first bit as Monday 00:00 or any other midnight.
_WEEK: Final = 336
_NIGHT: Final = ("1" * 12 + "0" * 32 + "1" * 4) * 7
#: Kinds of schedules, in words.
_KINDS: Final = {
    "always": "always on",
    "night": "on at night, too",
    "day": "by day only",
    "never": "never on",
    "other": "not a week of half-hours",
}


def schedules(query: Query, tables: Mapping[str, str]) -> Json:
    """Return live orders by the kind of their schedule, and their different schedules. Raises psycopg.Error."""
    rows = query(
        f"""
        select case
            when length(schedule) <> {_WEEK} or schedule is null then 'other'
            when schedule !~ '0' then 'always'
            when schedule !~ '1' then 'never'
            when schedule::bit({_WEEK}) & B'{_NIGHT}' <> repeat('0', {_WEEK})::bit({_WEEK}) then 'night'
            else 'day'
          end as kind,
          count(*), sum(orders)::bigint
        from (
          select o.order_schedule::text as schedule, count(*) as orders
          from {tables["orders"]} as o
          where {LIVE}
          group by o.order_schedule
        ) as s
        group by kind
        """
    )
    found = {kind: (different, orders) for kind, different, orders in rows}
    return {
        "orders": {kind: found.get(kind, (0, 0))[1] for kind in _KINDS},
        "different": {kind: found.get(kind, (0, 0))[0] for kind in _KINDS},
    }


def show_schedules(figures: Json) -> Iterable[Chart]:
    """Return a chart of live orders by the kind of their schedule."""
    orders, different = figures["orders"], figures["different"]
    kinds = [kind for kind in _KINDS if orders[kind] or kind != "other"]
    yield Chart(
        "Live orders by their schedule",
        "night is 22:00 to 06:00, if the first bit begins at midnight; no column says so, nor in which time zone",
        "order",
        [(_KINDS[kind], orders[kind]) for kind in kinds],
        [plural(different[kind], "schedule") if orders[kind] else "" for kind in kinds],
    )


def repeated(query: Query, tables: Mapping[str, str]) -> Json:
    """Return, per attribute, the recreations that have the value of the order that they name. Raises psycopg.Error.

    `same` and `differ` count them, `bytes` are those of the equal values. Where none differs, `order_ref` determines
    the attribute in all rows: it could be stored once per lineage. `hundredfold` counts the recreations with an amount
    that is 100 times that of the order that they name, or a hundredth of it: cents and dollars may be mixed up.
    """
    sizes = ", ".join(
        f"case when o.{it} is not distinct from a.{it} then coalesce(pg_column_size(o.{name}), 0) end as {name}"
        for name, it in _ATTRIBUTES.items()
    )
    sums = ", ".join(f"count({name}), coalesce(sum({name}), 0)::bigint" for name in _ATTRIBUTES)
    ((recreations, hundredfold, *counts),) = query(
        f"""
        select count(*), count(*) filter (where is_hundredfold), {sums}
        from (
          select {sizes},
            case when o.order_amount <> a.order_amount and o.order_amount <> 0 and a.order_amount <> 0 then
              o.order_amount::numeric = a.order_amount::numeric * 100
                or a.order_amount::numeric = o.order_amount::numeric * 100
            end as is_hundredfold
          from {tables["orders"]} as o
          join {tables[f"orders{WHOLE}"]} as a on a.order_id = o.order_ref
          where o.order_ref <> o.order_id
          offset 0
        ) as r
        """
    )
    return {
        "recreations": recreations,
        "hundredfold": hundredfold,
        "attributes": {
            name: {"same": same, "differ": recreations - same, "bytes": size_}
            for name, same, size_ in zip(_ATTRIBUTES, counts[::2], counts[1::2], strict=True)
        },
    }


def show_repeated(figures: Json) -> Iterable[Chart]:
    """Return a chart of the recreations that repeat each attribute."""
    if not figures["recreations"]:
        return
    attributes = figures["attributes"]
    none = "no difference in the sample" if "sample" in figures else "no difference"
    yield Chart(
        "Recreations that repeat the order they name",
        f"of {plural(figures['recreations'], 'recreation')}; an attribute without a difference could be stored once per"
        " lineage",
        "recreation",
        [(name, it["same"]) for name, it in attributes.items()],
        [
            f"{size(it['bytes'])}; "
            + (plural(it["differ"], "difference") if it["differ"] else none)
            + (_hundredfold(figures["hundredfold"]) if name == "order_amount" else "")
            for name, it in attributes.items()
        ],
    )


def _hundredfold(count: int) -> str:
    return f", {count:,} of them 100 times or a hundredth of it" if count else ""
