"""Handlers of functions of arrays."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from order_audit.audit.lake.translate.coerce import as_text, coerce
from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import INTEGER, INTEGERS, OF_DATABASE, TEXT, TEXTS, Typed


def cardinality(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Compile `cardinality(array)`."""
    (value,) = (context.expression(it, scope) for it in node.expressions)
    if not value.type.is_array:
        raise NotTranslatable(f"the function cardinality({value.type})")
    return value.made(f"cast(len({value.sql}) as integer)", INTEGER)


@handles(exp.ArraySize, "this", "expression")
def _array_length(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    place = node.args.get("expression")
    if not value.type.is_array or place is None or place.name != "1":
        raise NotTranslatable(written(node))
    return value.made(f"cast(nullif(len({value.sql}), 0) as integer)", INTEGER)


@handles(exp.ArrayPosition, "this", "expression")
def _array_position(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    item = context.expression(node.args["expression"], scope)
    if not value.type.is_array or value.type.element.name in ("numeric", "json"):
        raise NotTranslatable(written(node))
    item = coerce(context, item, value.type.element)
    return value.made(f"cast(list_position({value.sql}, {item.sql}) as integer)", INTEGER, item)


@handles(exp.StringToArray, "this", "expression")
def _string_to_array(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = as_text(context, context.expression(node.this, scope))
    by = as_text(context, context.expression(node.args["expression"], scope))
    if not by.literal:
        raise NotTranslatable(f"string_to_array without a literal to split at: {written(node)}")
    made = value.made(
        f"(case when {value.sql} = '' then [] else string_split({value.sql}, {by.sql}) end)", TEXT.array, by
    )
    return replace(made, collation=value.collation)


@handles(exp.ArrayToString, "this", "expression")
def _array_to_string(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    by = as_text(context, context.expression(node.args["expression"], scope))
    if not value.type.is_array or value.type.element.name not in (*TEXTS, *INTEGERS):
        raise NotTranslatable(written(node))
    empty = f"case when {value.sql} is not null and {by.sql} is not null then '' end"
    return value.made(f"coalesce(array_to_string({value.sql}, {by.sql}), {empty})", TEXT, by).collated(OF_DATABASE)
