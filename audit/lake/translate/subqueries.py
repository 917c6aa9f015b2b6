"""Handlers of subqueries in expressions."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from order_audit.audit.lake.translate.context import Context, handles
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.list_queries import exists_in_list, value_of_list
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import BOOLEAN, Typed


@handles(exp.Exists, "this")
def _exists(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    made = exists_in_list(context, node.this, scope)
    if made is not None:
        return made
    compiled = context.query(node.this, scope)
    own = context.new_name("q")
    return Typed(f"(exists (select 1 from ({compiled.sql}) as {own}))", BOOLEAN, subquery=True)


def _scalar(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    inner = node.this if isinstance(node, exp.Subquery) else node
    made = value_of_list(context, inner, scope)
    if made is not None:
        return made
    compiled = context.query(inner, scope)
    if len(compiled.columns) != 1:
        raise NotTranslatable("a subquery of several columns as a value")
    typed = compiled.columns[0][1]
    sql = f"({compiled.sql})"
    if typed.native:
        return replace(typed, sql=f"cast({sql} as varchar)", native=replace(typed.native, sql=sql), subquery=True)
    return replace(typed, sql=sql, subquery=True, elements=None)


handles(exp.Subquery, "this")(_scalar)
handles(exp.Select)(_scalar)


@handles(exp.Explode, "this")
def _unnest_in_select(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Rows from an array in the select list."""
    if not isinstance(node.parent, exp.Select) and not isinstance(node.parent, exp.Alias):
        raise NotTranslatable("unnest inside of an expression")
    array = context.expression(node.this, scope)
    if not array.type.is_array:
        raise NotTranslatable(f"unnest of {array.type}")
    made = array.made(f"unnest({array.sql})", array.type.element)
    return replace(made, collation=array.collation)
