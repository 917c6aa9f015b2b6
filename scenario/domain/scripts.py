"""Names of delivery scripts that are one letter off a more frequent name: probably the same script, misspelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from order_audit.domain import Chart, Json, Query
from order_audit.reports.formatting import plural

SCRIPT: Final = frozenset({"order_id", "delivery_script_name"})
#: The most frequent names that are compared, and names that are shown.
_COMPARED: Final = 1_000
_SHOWN: Final = 20
#: Shorter names are too often one letter apart.
_SHORTEST: Final = 4


def misspelled(query: Query, tables: Mapping[str, str]) -> Json:
    """Return names with their orders, and the more frequent name that each resembles. Raises psycopg.Error.

    Names with other characters than letters, digits, spaces, hyphens and underscores are left out: they are no names.
    """
    rows = query(
        f"""
        select name, orders
        from (
          select delivery_script_name::text collate "C" as name, count(*) as orders
          from {tables["orders"]} as o
          group by 1
          offset 0 -- so that names are matched once each, not once per order
        ) as s
        where name ~ '^[A-Za-z0-9_ -]{{{_SHORTEST},60}}$'
        order by orders desc, name
        limit {_COMPARED}
        """
    )
    found: list[Json] = []
    for place, (name, orders) in enumerate(rows):
        like = next(((other, n) for other, n in rows[:place] if n > orders and is_one_letter_off(name, other)), None)
        if like:
            found.append({"name": name, "orders": orders, "like": like[0], "like_orders": like[1]})
    return {"names": len(rows), "resembling": found}


def is_one_letter_off(one: str, other: str) -> bool:
    """Whether one letter is inserted, removed or replaced, or two neighbours are swapped, capitals apart."""
    one, other = sorted((one.lower(), other.lower()), key=len)
    if one == other or len(other) - len(one) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start : start + 2][::-1] + one[start + 2 :]
    return one[start + 1 :] == other[start + 1 :] or swapped == other[start:]


def show(figures: Json) -> Iterable[Chart]:
    """Return a chart of the orders with such names; none without one."""
    found = figures["resembling"][:_SHOWN]
    if found:
        yield Chart(
            "Script names one letter off a more frequent one",
            f"{plural(len(figures['resembling']), 'name')} of {figures['names']:,}; each may be a spelling mistake",
            "order",
            [(it["name"], it["orders"]) for it in found],
            [f"like {it['like']}, {plural(it['like_orders'], 'order')}" for it in found],
        )
