"""Handlers of operators: arithmetic, concatenation, JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.pg_types import MAX_DIGITS
from order_audit.audit.lake.translate.coerce import as_text, coerce
from order_audit.audit.lake.translate.collations import combined
from order_audit.audit.lake.translate.compare import fits, same_scale
from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.resolve import call, unified_floats
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import (
    BIGINT,
    INTEGER,
    JSON,
    NUMERIC,
    OF_DATABASE,
    TEXT,
    TEXTS,
    UNKNOWN,
    Native,
    Typed,
)

_BINARY: Final[dict[type[exp.Expr], str]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_ADDED: Final = ("+", "-")


def _arithmetic(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    operator = _BINARY[type(node)]
    values = [context.expression(node.this, scope), context.expression(node.args["expression"], scope)]
    values = unified_floats(context, values)
    made = call(context, "operator", context.dialect.operators, operator, values)
    if made.type == NUMERIC:
        return _with_native(context, operator, values, made)
    return made


for _kind in _BINARY:
    handles(_kind, "this", "expression")(_arithmetic)


def _with_native(context: Context, operator: str, values: list[Typed], made: Typed) -> Typed:
    """Compute with decimals where they hold every result."""
    left, right = (coerce(context, it, NUMERIC).native for it in values)
    if left is None or right is None:
        return made
    if operator in _ADDED and left.precision < MAX_DIGITS and right.precision < MAX_DIGITS and fits(left, right):
        scale = max(left.scale, right.scale)
        precision = max(left.precision - left.scale, right.precision - right.scale) + scale + 1
        if precision > MAX_DIGITS:
            return made
        a, b = same_scale(Native(left.sql, precision, scale), Native(right.sql, precision, scale))
        native = Native(f"({a} {operator} {b})", precision, scale)
    elif operator == "*" and left.precision + right.precision <= MAX_DIGITS:
        precision, scale = left.precision + right.precision, left.scale + right.scale
        # DuckDB gives the product of two short decimals a short type, which overflows
        wide = f"cast({left.sql} as decimal({max(precision, 19)}, {left.scale}))"
        other = f"cast({right.sql} as decimal({right.precision}, {right.scale}))"
        native = Native(f"cast({wide} * {other} as decimal({precision}, {scale}))", precision, scale)
    else:
        return made
    return replace(made, native=native, raises=any(it.raises for it in values))


@handles(exp.Neg, "this")
def _negative(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    if isinstance(node.this, exp.Literal) and node.this.name.isdigit() and int(node.this.name) <= 2**63:
        of = INTEGER if int(node.this.name) <= 2**31 else BIGINT  # the sign belongs to the literal
        sql = f"cast('-{node.this.name}' as {context.dialect.type_name(of)})"
        return Typed(sql, of, literal=f"-{node.this.name}")
    made = call(context, "operator", context.dialect.operators, "-", [value])
    if value.native and value.type.name == "numeric":
        native = replace(value.native, sql=f"(-{value.native.sql})")
        literal = f"-{value.literal}" if value.literal else None
        return replace(made, native=native, literal=literal)
    return made


@handles(exp.DPipe, "this", "expression")
def _concatenated(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    left = context.expression(node.this, scope)
    right = context.expression(node.args["expression"], scope)
    if left.type.is_array or right.type.is_array or "json" in left.type.name + right.type.name:
        raise NotTranslatable(f"the operator {left.type} || {right.type}")
    names = {left.type.name, right.type.name}
    if names & {*TEXTS, "unknown"} and not names & {"bytea", "bit", "bit varying"}:
        left, right = as_text(context, left), as_text(context, right)
    made = call(context, "operator", context.dialect.operators, "||", [left, right])
    if made.type == TEXT:
        made = replace(made, collation=combined([left, right]), ascii=left.ascii and right.ascii)
    return made


@handles(exp.StartsWith, "this", "expression")
def _starts_with(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    values = [context.expression(node.this, scope), context.expression(node.args["expression"], scope)]
    return call(context, "function", context.dialect.functions, "starts_with", values)


def _json(operator: str) -> Callable[[Context, exp.Expr, Scope], Typed]:
    def handler(context: Context, node: exp.Expr, scope: Scope) -> Typed:
        if isinstance(node.args["expression"], exp.JSONPath):
            raise NotTranslatable(f"json_extract_path: {written(node)}")
        values = [context.expression(node.this, scope), context.expression(node.args["expression"], scope)]
        made = call(context, "operator", context.dialect.operators, operator, values)
        return replace(made, collation=OF_DATABASE) if made.type == TEXT else made

    return handler


handles(exp.JSONExtract, "this", "expression")(_json("->"))
handles(exp.JSONExtractScalar, "this", "expression")(_json("->>"))


@handles(exp.JSONBExtractScalar, "this", "expression")
def _path_text(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Only `#>> '{}'`: the whole value as a text."""
    value = context.expression(node.this, scope)
    path = context.expression(node.args["expression"], scope)
    if value.type != JSON or path.type != UNKNOWN or path.literal != "{}":
        raise NotTranslatable(f"the operator #>>: {written(node)}")
    return value.made(f"oa_py_json_path({value.sql})", TEXT, raises=True).collated(OF_DATABASE)
