"""Handlers of queries: SELECT, set operations, WITH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.translate.aggregates import group_key
from order_audit.audit.lake.translate.common_tables import add_common_tables
from order_audit.audit.lake.translate.compare import key
from order_audit.audit.lake.translate.context import Compiled, Context, handles_query, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.joins import from_clause
from order_audit.audit.lake.translate.logic import condition
from order_audit.audit.lake.translate.names import column_name
from order_audit.audit.lake.translate.ordering import order_by
from order_audit.audit.lake.translate.scope import Scope, usable
from order_audit.audit.lake.translate.set_operations import united
from order_audit.audit.lake.translate.typed import OF_DATABASE, TEXT, UNKNOWN, Typed
from order_audit.audit.lake.translate.values import name_of

_SET: Final[dict[type[exp.Expr], str]] = {exp.Union: "union", exp.Except: "except", exp.Intersect: "intersect"}


@handles_query(exp.Subquery, "this")
def _subquery(context: Context, node: exp.Expr, outer: Scope | None) -> Compiled:
    return context.query(node.this, outer)


@handles_query(
    exp.Select,
    "expressions", "distinct", "from_", "joins", "where", "group", "having", "windows", "order", "limit", "offset",
    "with_",
)  # fmt: skip
def _select(context: Context, node: exp.Expr, outer: Scope | None) -> Compiled:
    scope = Scope(outer)
    prefix = add_common_tables(context, node.args.get("with_"), scope)
    text = from_clause(context, node, scope)
    scope.windows = {str(it.this.name).lower(): it for it in node.args.get("windows") or []}
    if where := node.args.get("where"):
        text += f" where {condition(context, where.this, scope).sql}"
    items = _items(context, node, scope)
    if group := node.args.get("group"):
        text += f" group by {', '.join(_group(context, group, scope, items))}"
    if having := node.args.get("having"):
        text += f" having {condition(context, having.this, scope).sql}"
    return _ended(context, node, scope, items, prefix, text)


def _ended(
    context: Context, node: exp.Expr, scope: Scope, items: list[tuple[str, Typed]], prefix: str, text: str
) -> Compiled:
    """Add the select list, DISTINCT, the order and the limit."""
    names = [context.new_name("c") for _ in items]
    results = {str(place + 1): typed for place, (_, typed) in enumerate(items)}
    results |= dict(reversed(items))
    distinct = _distinct(context, node, scope, items)
    limit = _limit(node)
    if order := node.args.get("order"):
        if limit or "on (" in distinct:
            text += " " + order_by(context, order, scope, results)
    elif limit:
        raise NotTranslatable("a limit without an order")
    shown = [
        f"{typed.native.sql if typed.native else typed.sql} as {name}"
        for name, (_, typed) in zip(names, items, strict=True)
    ]
    columns = tuple((column, _outside(name, typed)) for name, (column, typed) in zip(names, items, strict=True))
    return Compiled(f"{prefix}select {distinct}{', '.join(shown) or '1 as c0'}{text}{limit}", columns)


def _outside(name: str, typed: Typed) -> Typed:
    """Return a column as the query around it sees it."""
    native = replace(typed.native, sql=name) if typed.native else None
    if typed.type == UNKNOWN and typed.literal is not None:
        typed = replace(typed, type=TEXT, collation=OF_DATABASE)
    elements = typed.elements if typed.elements and all(it.literal is not None for it in typed.elements) else None
    return replace(
        typed, sql=name, native=native, literal=None, raises=False, subquery=False, elements=elements,
        collation=replace(typed.collation, explicit=False),
    )  # fmt: skip


def _items(context: Context, node: exp.Expr, scope: Scope) -> list[tuple[str, Typed]]:
    made: list[tuple[str, Typed]] = []
    for one in node.expressions:
        if isinstance(one, exp.Star):
            _check_star(one)
            for relation in scope.relations:
                if relation.hidden:
                    raise NotTranslatable("* behind a join with using")
                made += [(name, usable(typed)) for name, typed in relation.columns]
        elif isinstance(one, exp.Column) and isinstance(one.this, exp.Star):
            _check_star(one.this)
            of_table = scope.relation(name_of(one.args["table"])).columns
            made += [(name, usable(typed)) for name, typed in of_table]
        else:
            inner = one.this if isinstance(one, exp.Alias) else one
            typed = context.expression(inner, scope)
            made.append((column_name(one), typed))
    return made


def _check_star(node: exp.Expr) -> None:
    if any(value for value in node.args.values()):
        raise NotTranslatable(written(node))


def _group(context: Context, group: exp.Expr, scope: Scope, items: list[tuple[str, Typed]]) -> list[str]:
    for part, value in group.args.items():
        if value and part != "expressions":
            raise NotTranslatable(f"group by {part}")
    made = []
    for one in group.expressions:
        if isinstance(one, exp.Literal) and not one.is_string:
            place = int(one.name) - 1
            if not 0 <= place < len(items):
                raise NotTranslatable(written(group))
            made.append(key(items[place][1]))
        else:
            made.append(_group_name(context, one, scope, dict(items)))
    return made


def _group_name(context: Context, node: exp.Expr, scope: Scope, items: Mapping[str, Typed]) -> str:
    """Compile a name of GROUP BY: a column's, else that of a result."""
    try:
        return group_key(context, node, scope)
    except NotTranslatable:
        if isinstance(node, exp.Column) and not node.args.get("table") and (found := items.get(name_of(node.this))):
            return key(found)
        raise


def _distinct(context: Context, node: exp.Expr, scope: Scope, items: list[tuple[str, Typed]]) -> str:
    distinct = node.args.get("distinct")
    if not distinct:
        return ""
    if on := distinct.args.get("on"):
        keys = on.expressions if isinstance(on, exp.Tuple) else [on.this if isinstance(on, exp.Paren) else on]
        return f"distinct on ({', '.join(group_key(context, it, scope) for it in keys)}) "
    for _, typed in items:
        key(typed)  # says which cannot be compared
        if typed.type.name == "numeric" and typed.native is None:
            raise NotTranslatable("distinct numerics of any number of digits")
    return "distinct "


def _limit(node: exp.Expr) -> str:
    made = ""
    for part, word in (("limit", "limit"), ("offset", "offset")):
        given = node.args.get(part)
        if given is None:
            continue
        value = given.args.get("expression")
        if (
            not isinstance(given, exp.Limit | exp.Offset)
            or not isinstance(value, exp.Literal)
            or not value.name.isdigit()
        ):
            raise NotTranslatable(written(given))
        if part == "limit" or value.name != "0":  # `offset 0` only keeps PostgreSQL's planner from moving conditions
            made += f" {word} {value.name}"
    return made


def _set_operation(context: Context, node: exp.Expr, outer: Scope | None) -> Compiled:
    scope = Scope(outer)
    prefix = add_common_tables(context, node.args.get("with_"), scope)
    word = _SET[type(node)] + ("" if node.args.get("distinct") else " all")
    left, right = context.query(node.this, scope), context.query(node.args["expression"], scope)
    made = united(context, word, left, right)
    if node.args.get("limit") or node.args.get("offset"):
        raise NotTranslatable(f"a limit of {word}")
    return replace(made, sql=prefix + made.sql)


for _kind in _SET:
    handles_query(_kind, "this", "expression", "distinct", "order", "limit", "offset", "with_")(_set_operation)
