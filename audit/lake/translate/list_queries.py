"""Subqueries over the rows of a function, such as the keys of a json value, as expressions on a list.

A subquery would be a join with all different values; a list is judged row by row, and only where it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from order_audit.audit.lake.translate.compare import key
from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.json_walk import walk_rows
from order_audit.audit.lake.translate.logic import condition
from order_audit.audit.lake.translate.names import column_name
from order_audit.audit.lake.translate.scope import Relation, Scope
from order_audit.audit.lake.translate.sources import ListRows, alias, list_rows
from order_audit.audit.lake.translate.typed import BIGINT, BOOLEAN, Typed

_SIMPLE = frozenset(("expressions", "from_", "joins", "where", "with_"))


@dataclass(frozen=True)
class _List:
    """A list of rows that meet a condition, the name of an element, and the names in it."""

    rows: ListRows
    sql: str
    element: str
    scope: Scope
    raises: bool


def exists_in_list(context: Context, node: exp.Expr, scope: Scope) -> Typed | None:
    """Compile `exists (select … from function(…) where …)`, or return None where it is another query."""
    found = _listed(context, node, scope)
    if found is None or any(it.find(exp.AggFunc) for it in node.args.get("expressions") or []):
        return None
    sql = f"(coalesce(len({found.sql}), 0) > 0)"
    return Typed(sql, BOOLEAN, raises=found.raises, subquery=found.rows.subquery)


def value_of_list(context: Context, node: exp.Expr, scope: Scope) -> Typed | None:
    """Compile `(select count(*) … from function(…) where …)`, or return None where it is another query."""
    if not isinstance(node, exp.Select) or len(node.expressions) != 1:
        return None
    aggregates = list(node.expressions[0].find_all(exp.AggFunc))
    if not aggregates or any(not isinstance(it, exp.Count) for it in aggregates):
        return None
    found = _listed(context, node, scope)
    if found is None or found.rows.subquery:
        return None
    rows, found = found.sql, replace(found, sql=context.new_name("e"))
    item = node.expressions[0].unalias().copy()
    counts: dict[str, Typed] = {}
    for place, one in enumerate(list(item.find_all(exp.Count))):
        counts[f"count {place}"] = _count(context, one, found)
        column = exp.column(exp.to_identifier(f"count {place}", quoted=True))
        if one is item:
            return _bound(counts["count 0"], rows, found)
        one.replace(column)
    if any(it for it in item.find_all(exp.Column) if it.name not in counts):
        return None
    inner = Scope(None, [Relation("", tuple(counts.items()))])
    return _bound(context.expression(item, inner), rows, found)


def _bound(made: Typed, rows: str, found: _List) -> Typed:
    """Compute the list once."""
    sql = f"list_transform([{rows}], lambda {found.sql}: {made.sql})[1]"
    return replace(made, sql=sql, raises=made.raises or found.raises)


def _count(context: Context, node: exp.Expr, found: _List) -> Typed:
    counted = node.this
    if isinstance(counted, exp.Star):
        return Typed(f"coalesce(len({found.sql}), 0)", BIGINT)
    distinct = isinstance(counted, exp.Distinct)
    value = context.expression(counted.expressions[0] if distinct else counted, found.scope)
    counted_sql = key(value) if distinct else value.sql
    inner = found.sql
    if counted_sql != found.element:
        inner = f"list_transform({found.sql}, lambda {found.element}: {counted_sql})"
    if distinct:
        return Typed(f"coalesce(len(list_distinct({inner})), 0)", BIGINT)
    other = context.new_name("e")
    return Typed(f"coalesce(len(list_filter({inner}, lambda {other}: {other} is not null)), 0)", BIGINT)


def _listed(context: Context, node: exp.Expr, scope: Scope) -> _List | None:
    """Compile a simple SELECT over one function as a list, or return None of any other query."""
    if not isinstance(node, exp.Select) or node.args.get("from_") is None:
        return None
    if any(value for part, value in node.args.items() if part not in _SIMPLE):
        return None
    first = node.args["from_"].this
    if with_ := node.args.get("with_"):
        rows = walk_rows(context, with_, first, scope)
    elif _is_function(first):
        rows = list_rows(context, first, scope)
    else:
        return None
    joins = node.args.get("joins") or []
    if rows is None or not all(_is_projection(it) for it in joins):
        return None
    element = context.new_name("e")
    inner = Scope(scope, [Relation(alias(first)[0], rows.typed(element), is_value=rows.is_value)])
    for join in joins:
        _project(context, join.this, inner)
    sql, raises = rows.sql, rows.raises
    if where := node.args.get("where"):
        if where.find(exp.Query, exp.Bracket):  # an array of the row around would be copied for each element
            return None
        judged = condition(context, where.this, inner)
        raises = raises or judged.raises
        sql = f"list_filter({sql}, lambda {element}: {judged.sql})"
    return _List(rows, sql, element, inner, raises)


def _is_function(node: exp.Expr) -> bool:
    """Return whether an entry of FROM is a function with few rows. A series has many: a join judges each value once."""
    inner = node.this if isinstance(node, exp.Lateral) else node
    if isinstance(inner, exp.Table):
        return isinstance(inner.this, exp.Func) and not isinstance(inner.this, exp.ExplodingGenerateSeries)
    return isinstance(inner, exp.Unnest | exp.Values | exp.Anonymous | exp.Explode)


def _is_projection(join: exp.Expr) -> bool:
    """Return whether a join is `cross join lateral (select expressions)`: more names for the same row."""
    inner = join.this
    if not isinstance(inner, exp.Lateral) or join.args.get("on") or join.args.get("side") or join.args.get("using"):
        return False
    query = inner.this.this if isinstance(inner.this, exp.Subquery) else None
    if not isinstance(query, exp.Select):
        return False
    offset = query.args.get("offset")
    if any(value for part, value in query.args.items() if part not in ("expressions", "offset")):
        return False
    return offset is None or offset.args["expression"].name == "0"


def _project(context: Context, node: exp.Expr, scope: Scope) -> None:
    name, columns = alias(node)
    made = []
    for place, one in enumerate(node.this.this.expressions):
        typed = context.expression(one.unalias(), scope)
        made.append((columns[place] if place < len(columns) else column_name(one), typed))
    scope.relations.append(Relation(name, tuple(made)))
