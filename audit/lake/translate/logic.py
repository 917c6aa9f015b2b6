"""Handlers of conditions: and, or, not, comparisons, IN, BETWEEN, IS, ANY and ALL.

An operand that can raise an error is judged behind those before it, as PostgreSQL does: the other engine judges all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.compare import (
    common_type,
    compare,
    compare_rows,
    distinct,
    distinct_rows,
    numeric_key,
)
from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import Scope, of_relation
from order_audit.audit.lake.translate.typed import BOOLEAN, UNKNOWN, Typed
from order_audit.audit.lake.translate.values import truth

OPERATORS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands of nested ANDs, in order."""
    if isinstance(node, exp.And):
        return [*conjuncts(node.this), *conjuncts(node.args["expression"])]
    return [node]


def condition(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Compile a condition of WHERE, ON, HAVING or FILTER, where NULL is as good as false.

    What cannot raise an error is judged first. PostgreSQL stops at the first operand that is not true.
    """
    parts = [truth(context, context.expression(it, scope)) for it in conjuncts(node)]
    guards = [it for it in parts if not it.raises and not it.subquery]
    dear = [it for it in parts if it.raises and not it.subquery]
    nested = [it for it in parts if it.subquery]
    made = _all(guards)
    for part in dear:
        made = part.sql if made == "true" else f"(case when {made} then {part.sql} else false end)"
    sql = " and ".join([*([made] if made != "true" or not nested else []), *(it.sql for it in nested)])
    return Typed(f"({sql})", BOOLEAN, raises=bool(dear), subquery=bool(nested))


def _all(parts: list[Typed]) -> str:
    return "(" + " and ".join(it.sql for it in parts) + ")" if parts else "true"


@handles(exp.And, "this", "expression")
def _and(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _connected(context, node, scope, "and", "false")


@handles(exp.Or, "this", "expression")
def _or(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _connected(context, node, scope, "or", "true")


def _connected(context: Context, node: exp.Expr, scope: Scope, word: str, stop: str) -> Typed:
    """Join conditions; one that can raise an error is judged only if those before it have not decided."""
    parts = [truth(context, context.expression(it, scope)) for it in _chain(node, type(node))]
    made = parts[0]
    for one in parts[1:]:
        both = f"({made.sql} {word} {one.sql})"
        if one.raises and not one.subquery and not made.subquery:
            before = context.new_name("e") if made.raises else made.sql  # what is expensive is computed once
            both = f"(case when {before} = {stop} then {stop} else ({before} {word} {one.sql}) end)"
            if made.raises:
                both = f"list_transform([{made.sql}], lambda {before}: {both})[1]"
        made = made.made(both, BOOLEAN, one)
    return made


def _chain(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    if isinstance(node, kind):
        return [*_chain(node.this, kind), *_chain(node.args["expression"], kind)]
    return [node]


@handles(exp.Not, "this")
def _not(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = truth(context, context.expression(node.this, scope))
    return value.made(f"(not {value.sql})", BOOLEAN)


def row_of(context: Context, node: exp.Expr, scope: Scope) -> list[Typed] | None:
    """Return the fields of `(a, b)` or `row(a, b)`, or None of what is no row."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Tuple) or (isinstance(node, exp.Anonymous) and node.name.lower() == "row"):
        return [context.expression(it, scope) for it in node.expressions]
    return None


def _comparison(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    operator = OPERATORS[type(node)]
    other = node.args["expression"]
    if isinstance(other, exp.Any | exp.All) or _is_all(other):
        return _quantified(context, node, scope, operator)
    left, right = row_of(context, node.this, scope), row_of(context, other, scope)
    if left is not None and right is not None:
        return compare_rows(context, operator, left, right)
    return compare(context, operator, context.expression(node.this, scope), context.expression(other, scope))


for _kind in OPERATORS:
    handles(_kind, "this", "expression")(_comparison)


def _is_all(node: exp.Expr) -> bool:
    """`<> all (array[…])` is read as a call of a function named all."""
    return isinstance(node, exp.Anonymous) and node.name.lower() == "all" and len(node.expressions) == 1


def quantifier(context: Context, node: exp.Expr, scope: Scope) -> tuple[bool, Typed]:
    """Return whether an operand is `any (array)`, else `all (array)`, and the array."""
    is_any = isinstance(node, exp.Any)
    inner = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Query):
        raise NotTranslatable(f"{'any' if is_any else 'all'} (select …) of this operator")
    return is_any, context.expression(inner, scope)


def over_elements(context: Context, is_any: bool, array: Typed, value: Typed, make: Callable[[Typed], Typed]) -> Typed:
    """Join `make(element)` over the elements of an array by or, or by and."""
    if not array.type.is_array:
        raise NotTranslatable(f"any or all of {array.type}")
    word, empty = ("or", "false") if is_any else ("and", "true")
    if array.elements is not None:
        if not array.elements:
            return Typed(empty, BOOLEAN)
        parts = [make(it) for it in array.elements]
        return parts[0].made("(" + f" {word} ".join(it.sql for it in parts) + ")", BOOLEAN, *parts[1:])
    name = context.new_name("e")
    one = make(Typed(name, array.type.element, array.collation))
    judged = f"list_transform({array.sql}, lambda {name}: {one.sql})"
    function = "oa_any" if is_any else "oa_all"
    return array.made(f"{function}({judged})", BOOLEAN, value, one)


def _quantified(context: Context, node: exp.Expr, scope: Scope, operator: str) -> Typed:
    other = node.args["expression"]
    inner = other.this if isinstance(other, exp.Any) else None
    while isinstance(inner, exp.Paren | exp.Subquery):
        inner = inner.this
    if operator == "=" and isinstance(inner, exp.Query):
        return in_query(context, node.this, inner, scope)
    value = context.expression(node.this, scope)
    is_any, array = quantifier(context, other, scope)
    if array.type == UNKNOWN:
        array = coerce(context, array, value.type.base.array)
    return over_elements(context, is_any, array, value, lambda it: compare(context, operator, value, it))


@handles(exp.In, "this", "expressions", "query")
def _in(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    if query := node.args.get("query"):
        return in_query(context, node.this, query, scope)
    row = row_of(context, node.this, scope)
    if row is not None:
        rows = [row_of(context, it, scope) for it in node.expressions]
        if any(it is None for it in rows):
            raise NotTranslatable(f"a row beside a value: {written(node)}")
        parts = [compare_rows(context, "=", row, it) for it in rows if it is not None]
    else:
        value = context.expression(node.this, scope)
        values = [context.expression(it, scope) for it in node.expressions]
        simple = _simple_in(context, value, values)
        if simple is not None:
            return simple
        parts = [compare(context, "=", value, it) for it in values]
    return parts[0].made("(" + " or ".join(it.sql for it in parts) + ")", BOOLEAN, *parts[1:])


def _simple_in(context: Context, value: Typed, values: list[Typed]) -> Typed | None:
    """Compile a list of literals of the value's own type."""
    if value.type.is_array or value.type.name in ("numeric", "unknown", "json", "jsonb"):
        return None
    if not all(it.type in (UNKNOWN, value.type) and it.literal is not None for it in values):
        return None
    compared = [compare(context, "=", value, it) for it in values]  # says what is not translatable
    left, _, _ = compared[0].sql[1:-1].partition(" = ")
    if left != value.sql:
        return None
    literals = [it.sql[len(value.sql) + 4 : -1] for it in compared]
    return value.made(f"({value.sql} in ({', '.join(literals)}))", BOOLEAN, *compared)


def in_query(context: Context, left: exp.Expr, query: exp.Expr, scope: Scope) -> Typed:
    """Compile `left in (select …)`."""
    inner = query.this if isinstance(query, exp.Subquery) else query
    compiled = context.query(inner, scope)
    row = row_of(context, left, scope)
    values = row if row is not None else [context.expression(left, scope)]
    if len(values) != len(compiled.columns):
        raise NotTranslatable("a row in a query with another number of columns")
    if len(values) > 1:
        raise NotTranslatable("a row in (select …): write exists")
    name = context.new_name("q")
    (_, typed), value = compiled.columns[0], values[0]
    inside = of_relation(name, typed)
    equal = compare(context, "=", value, inside)
    left_sql, right_sql = _sides(context, value, inside)
    sql = f"({left_sql} in (select {right_sql} from ({compiled.sql}) as {name}))"
    return replace(value.made(sql, BOOLEAN, equal), subquery=True)


def _sides(context: Context, left: Typed, right: Typed) -> tuple[str, str]:
    """Return both sides of an equality, each by itself."""
    to = common_type([left, right])
    left, right = coerce(context, left, to), coerce(context, right, to)
    if to.name == "numeric":
        left, right = replace(left, native=None), replace(right, native=None)
        return numeric_key(left), numeric_key(right)
    return left.sql, right.sql


@handles(exp.Between, "this", "low", "high")
def _between(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    low = compare(context, ">=", value, context.expression(node.args["low"], scope))
    high = compare(context, "<=", value, context.expression(node.args["high"], scope))
    return low.made(f"({low.sql} and {high.sql})", BOOLEAN, high)


@handles(exp.Is, "this", "expression", "negate")
def _is(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    word = "is not" if node.args.get("negate") else "is"
    to = node.args["expression"]
    row = row_of(context, node.this, scope)
    if row is not None:
        if not isinstance(to, exp.Null):
            raise NotTranslatable(written(node))
        return row[0].made("(" + " and ".join(f"({it.sql} {word} null)" for it in row) + ")", BOOLEAN, *row[1:])
    value = context.expression(node.this, scope)
    if isinstance(to, exp.Null):
        return value.made(f"({value.sql} {word} null)", BOOLEAN)
    if isinstance(to, exp.Boolean):
        value = truth(context, value)
        literal = "true" if to.this else "false"
        return value.made(
            f"({value.sql} {'is distinct from' if 'not' in word else 'is not distinct from'} {literal})", BOOLEAN
        )
    raise NotTranslatable(written(node))


@handles(exp.NullSafeNEQ, "this", "expression")
def _distinct(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _null_safe(context, node, scope, negated=False)


@handles(exp.NullSafeEQ, "this", "expression")
def _not_distinct(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _null_safe(context, node, scope, negated=True)


def _null_safe(context: Context, node: exp.Expr, scope: Scope, negated: bool) -> Typed:
    left, right = row_of(context, node.this, scope), row_of(context, node.args["expression"], scope)
    if left is not None and right is not None:
        return distinct_rows(context, left, right, negated)
    return distinct(
        context, context.expression(node.this, scope), context.expression(node.args["expression"], scope), negated
    )
