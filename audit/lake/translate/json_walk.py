"""Recognizes the recursive query over all values in a json value, which the library has as one function."""

from __future__ import annotations

from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.sources import ListRows
from order_audit.audit.lake.translate.typed import JSON, TEXT
from order_audit.audit.lake.translate.values import name_of

#: Every key with its value, from the whole (without a key) downwards; elements of arrays have no key.
_WALK: Final = """
with recursive node (name, value) as (
  select null::text, start
  union all
  select below.name, below.value
  from node as n
  cross join lateral (
    select m.key, m.value
    from json_each(case when json_typeof(n.value) = 'object' then n.value else '{}' end) as m
    union all
    select null, e.value
    from json_array_elements(case when json_typeof(n.value) = 'array' then n.value else '[]' end) as e
  ) as below (name, value)
)
select from node
"""


def walk_rows(context: Context, with_: exp.Expr, first: exp.Expr, scope: Scope) -> ListRows | None:
    """Return the values in a json value as a list, if WITH has that query alone and FROM reads it."""
    if len(with_.expressions) != 1 or not isinstance(first, exp.Table) or not isinstance(first.this, exp.Identifier):
        return None
    table = with_.expressions[0]
    name = name_of(table.args["alias"].this)
    if (
        name_of(first.this) != name
        or not isinstance(table.this, exp.Union)
        or not isinstance(table.this.this, exp.Select)
    ):
        return None
    start = table.this.this.expressions
    if len(start) != 2 or _shape(table, start[1]) != _walk_shape():
        return None
    value = context.expression(start[1].unalias(), scope)
    if value.type != JSON:
        return None
    value = coerce(context, value, JSON)
    columns = [name_of(it) for it in table.args["alias"].args["columns"]]
    fields = (
        (columns[0], TEXT, lambda it: f"{it}.name"),
        (columns[1], JSON, lambda it: f"{it}.value"),
    )
    return ListRows(f"oa_py_json_walk({value.sql})", fields, raises=True, subquery=value.subquery, is_value=False)


@cache
def _walk_shape() -> str:
    table = sqlglot.parse_one(_WALK, dialect="postgres").args["with_"].expressions[0]
    return _shape(table, table.this.this.expressions[1])


def _shape(table: exp.Expr, start: exp.Expr) -> str:
    """Return a common table's text with its own names replaced in the order in which they come, without the start."""
    place = [id(it) for it in table.walk()].index(id(start))
    copied = table.copy()
    list(copied.walk())[place].replace(exp.column("start"))
    names: dict[str, str] = {"start": "start"}
    keep = {"key", "value"}
    for one in copied.find_all(exp.Identifier):
        new = one.name if one.name in keep else names.setdefault(one.name, f"n{len(names)}")
        one.replace(exp.to_identifier(new))
    return copied.sql("postgres")
