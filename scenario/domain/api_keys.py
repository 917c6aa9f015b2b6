"""Customers with several API keys for one delivery script: evidence that needs a look, and proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from order_audit.domain import Chart, Json, Query
from order_audit.reports.formatting import plural

ARGUMENTS: Final = frozenset({"order_id", "customer_id", "delivery_script_name", "delivery_script_args"})
#: Pairs of customer and script that are named, those with the most keys first.
_SHOWN: Final = 20
#: Arguments without escapes that text cannot hold, as the rules read them.
_READABLE: Final = r"""
case
  when strpos(d.args, '\u') = 0 then d.args
  when current_setting('server_encoding') = 'UTF8' then replace(
    regexp_replace(
      replace(d.args, '\\', chr(1)),
      '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
      '\\ufffd', 'g'
    ), chr(1), '\\'
  )
  else replace(
    regexp_replace(replace(d.args, '\\', chr(1)), '\\u(0000|(?!00[0-7])[0-9a-fA-F]{4})', '?\1', 'g'), chr(1), '\\'
  )
end"""


def several(query: Query, tables: Mapping[str, str]) -> Json:
    """Return customers and scripts with more than one value of the API key, and their number. Raises psycopg.Error.

    Values themselves are not returned.
    """
    rows = query(
        f"""
        with keys as (
          select d.customer_id, d.script, d.orders, r.args ->> k.name as value
          from (
            select customer_id, delivery_script_name::text collate "C" as script,
              delivery_script_args::text collate "C" as args, count(*) as orders
            from {tables["orders"]} as o
            where customer_id is not null
              and lower(delivery_script_args::text collate "C") like '%key%'
            group by 1, 2, 3
            offset 0 -- so that equal arguments are read once
          ) as d
          cross join lateral (
            select case when d.args ~ '^\\s*\\{{' then {_READABLE} else '{{}}' end::json as args
            offset 0
          ) as r
          cross join lateral (select distinct name from json_object_keys(r.args) as name) as k
          where translate(lower(k.name), '-_', '') = 'apikey'
            and json_typeof(r.args -> k.name) = 'string'
            and r.args ->> k.name <> ''
        ), pairs as (
          select customer_id, script, count(distinct value collate "C") as keys, sum(orders)::bigint as orders
          from keys
          group by customer_id, script
          having count(distinct value collate "C") > 1
        )
        select customer_id::text, script, keys, orders, count(*) over ()
        from pairs
        order by keys desc, orders desc, customer_id, script
        limit {_SHOWN}
        """
    )
    return {
        "pairs": rows[0][4] if rows else 0,
        "first": [
            {"customer_id": customer, "script": script, "keys": keys, "orders": orders}
            for customer, script, keys, orders, _ in rows
        ],
    }


def show(figures: Json) -> Iterable[Chart]:
    """Return a chart of the orders of such customers; none without one."""
    found = figures["first"]
    if found:
        yield Chart(
            "Customers with several API keys for one script",
            f"{plural(figures['pairs'], 'customer and script', 'customers and scripts')}; not proven to be wrong: a key"
            " may have been replaced, or moved to a secret store, whose reference counts as a value",
            "order",
            [(f"{it['customer_id']}: {it['script'] or 'no script'}", it["orders"]) for it in found],
            [plural(it["keys"], "key") for it in found],
        )
