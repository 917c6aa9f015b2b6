"""What the page's numbers are made of, where no list on the page shows it: statements that give them again."""

from __future__ import annotations

import re
from typing import Any, Final

#: A table's own name, and those of its columns, are written as they are where that reads back the same.
_SIMPLE: Final = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED: Final = frozenset(
    re.findall(
        r"\w+",
        """all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
        collation column concurrently constraint create cross current_catalog current_date current_role
        current_schema current_time current_timestamp current_user default deferrable desc distinct do else
        end except false fetch for foreign freeze from full grant group having ilike in initially inner
        intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not
        notnull null offset on only or order outer overlaps placing primary references returning right select
        session_user similar some symmetric system_user table tablesample then to trailing true union unique
        user using variadic verbose when where window with""",
    )
)
#: Types without equality, whose values are told apart as text.
_AS_TEXT: Final = ("json", "xml")
_LIVE: Final = "'pending', 'active', 'paused'"


def stake(found: dict[str, Any], schema: str) -> str:
    """The statement that adds up whom a failed rule concerns and what is at stake; empty where that is not known."""
    if not found.get("impact") or not found["table"]:
        return ""
    home, _, table = found["table"].rpartition(".")
    orders = f"{identifier(home or schema)}.orders"
    violating = f"(\n  select v.{found['key']}\n  from (\n{found['sql']}\n) as v\n)"
    if (table, found["key"]) == ("orders", "order_id"):
        return (
            "select count(distinct o.customer_id) as customers, count(*) as orders,"
            f" coalesce(sum(o.order_amount), 0) as amount\nfrom {orders} as o\n"
            f"where o.order_id in {violating}"
        )
    if (table, found["key"]) == ("customers", "customer_id"):
        return (
            f"select count(*) as orders, coalesce(sum(o.order_amount), 0) as amount\nfrom {orders} as o\n"
            f"where o.order_status::text in ({_LIVE})\n  and o.customer_id in {violating}"
        )
    return ""


def rows(table: str, schema: str) -> str:
    """The statement that counts a table's rows."""
    return f"select count(*) as rows from {_relation(table, schema)}"


def figures(table: str, columns: dict[str, Any], schema: str) -> str:
    """The statements that give a profiled table's rows, and of each column nulls, different and commonest values."""
    relation = _relation(table, schema)
    lines = [f"{rows(table, schema)};"]
    for column, told in columns.items():
        if "error" in told:
            continue
        named = identifier(column)
        value = f"{named}::text" if told["type"] in _AS_TEXT else named
        counted = [f"count(*) - count({named}) as nulls"]
        if "distinct" in told:
            counted.append(f"count(distinct {value}) as distinct")
        lines.append(f"select {', '.join(counted)} from {relation};")
        if told.get("top") or "true" in told:
            lines.append(f"select {value}, count(*) from {relation} group by 1 order by 2 desc, 1 limit 5;")
    return "\n".join(lines)


def identifier(name: str) -> str:
    """A name as SQL has it, in quotes where it needs them."""
    return name if _SIMPLE.fullmatch(name) and name not in _RESERVED else '"' + name.replace('"', '""') + '"'


def _relation(table: str, schema: str) -> str:
    home, _, name = table.rpartition(".")
    return f"{identifier(home or schema)}.{identifier(name)}"
