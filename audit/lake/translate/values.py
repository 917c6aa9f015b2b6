"""Handlers of literals, columns, casts, and of expressions that choose one of several values."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from order_audit.audit.lake.pg_types import PgType, read_type
from order_audit.audit.lake.translate.coerce import array_of, cast, coerce
from order_audit.audit.lake.translate.collations import check_order, combined
from order_audit.audit.lake.translate.compare import common_type, compare
from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    NUMERIC,
    OF_DATABASE,
    TEXTS,
    UNKNOWN,
    Collation,
    Native,
    Typed,
    text_literal,
)

_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


@handles(exp.Literal, "this", "is_string")
def _literal(_context: Context, node: exp.Expr, _scope: Scope) -> Typed:
    text = str(node.this)
    if node.args["is_string"]:
        return unknown_literal(text)
    if text.isascii() and text.isdigit():
        number = int(text)
        if number < 2**31:
            return Typed(str(number), INTEGER, literal=text)
        if number < 2**63:
            return Typed(f"cast({number} as bigint)", BIGINT, literal=text)
    return numeric_literal(text)


def numeric_literal(text: str) -> Typed:
    """Compile a number with a decimal point, an exponent or many digits."""
    if not _PLAIN_NUMBER.fullmatch(text):
        if not re.fullmatch(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]{1,4}", text):
            raise NotTranslatable(f"the number {text}")
        return Typed(f"oa_num('{text}')", NUMERIC, literal=text)
    whole, _, decimals = text.partition(".")
    whole = whole.lstrip("0") or "0"
    plain = f"{whole}.{decimals}" if decimals else whole
    precision, scale = len(whole) + len(decimals), len(decimals)
    native = Native(f"cast('{plain}' as decimal({precision}, {scale}))", precision, scale) if precision <= 38 else None
    return Typed(f"'{plain}'", NUMERIC, literal=text, native=native)


def unknown_literal(text: str) -> Typed:
    """Compile a quoted literal, whose type its place gives."""
    if "\x00" in text:
        raise NotTranslatable("a literal with U+0000")
    return Typed(text_literal(text), UNKNOWN, literal=text, ascii=text.isascii())


@handles(exp.ByteString, "this")
@handles(exp.RawString, "this")
def _escaped(_context: Context, node: exp.Expr, _scope: Scope) -> Typed:
    return unknown_literal(str(node.this))


@handles(exp.BitString, "this")
def _bits(_context: Context, node: exp.Expr, _scope: Scope) -> Typed:
    return Typed(text_literal(str(node.this)), PgType("bit"), literal=str(node.this), ascii=True)


@handles(exp.Null)
def _null(_context: Context, _node: exp.Expr, _scope: Scope) -> Typed:
    return Typed("null", UNKNOWN)


@handles(exp.Boolean, "this")
def _boolean(_context: Context, node: exp.Expr, _scope: Scope) -> Typed:
    return Typed("true" if node.this else "false", BOOLEAN)


@handles(exp.Column, "this", "table")
def _column(_context: Context, node: exp.Expr, scope: Scope) -> Typed:
    if isinstance(node.this, exp.Star):
        raise NotTranslatable(f"{written(node)} as a value")
    return scope.column(name_of(node.args.get("table")), name_of(node.this))


def name_of(node: exp.Expr | None) -> str:
    """Return the name that an identifier means: in lower case unless it is quoted."""
    if node is None:
        return ""
    return str(node.this) if node.args.get("quoted") else str(node.name).lower()


@handles(exp.Paren, "this")
def _paren(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return context.expression(node.this, scope)


@handles(exp.Cast, "this", "to")
def _cast(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    to = written_type(node.args["to"])
    if isinstance(node.this, exp.Array) and not node.this.expressions and to.is_array:
        return array_of(context, to.element.base, [])
    return cast(context, context.expression(node.this, scope), to)


def written_type(node: exp.Expr) -> PgType:
    """Return the type that a cast names."""
    if not isinstance(node, exp.DataType):
        raise NotTranslatable(f"the type {written(node)}")
    try:
        return _as_read(read_type(node.sql("postgres")), node)
    except ValueError:
        raise NotTranslatable(f"the type {written(node)}") from None


def _as_read(of: PgType, node: exp.Expr) -> PgType:
    """Return the type, without what sqlglot's own writer adds or loses."""
    if of.name == "character" and not node.args.get("expressions") and of.modifier == "1":
        raise NotTranslatable("the type character without a length")  # char is char(1), bpchar has any length
    if of.name == "bit" and not node.args.get("expressions"):
        raise NotTranslatable("the type bit without a length")
    return of


@handles(exp.Collate, "this", "expression")
def _collate(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    if value.type == UNKNOWN:
        value = coerce(context, value, PgType("text"))
    if value.type.name not in TEXTS:
        raise NotTranslatable(f"collate on {value.type}")
    named = node.args["expression"]
    return value.collated(Collation(name_of(named.this if isinstance(named, exp.Column) else named), True))


def branches(context: Context, values: list[Typed]) -> list[Typed]:
    """Bring the branches of an expression to one type; all carry the collation of it."""
    to = common_type(values)
    made = [coerce(context, it, to) for it in values]
    if to.name in TEXTS:
        collation = combined(made)
        made = [it.collated(collation) for it in made]
    return made


@handles(exp.Case, "this", "ifs", "default")
def _case(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    subject = context.expression(node.this, scope) if node.args.get("this") else None
    conditions = []
    for one in node.args["ifs"]:
        condition = context.expression(one.this, scope)
        if subject is not None:
            condition = compare(context, "=", subject, condition)
        conditions.append(truth(context, condition))
    results = [context.expression(one.args["true"], scope) for one in node.args["ifs"]]
    default = node.args.get("default")
    results.append(context.expression(default, scope) if default else Typed("null", UNKNOWN))
    results = branches(context, results)
    parts = " ".join(f"when {a.sql} then {b.sql}" for a, b in zip(conditions, results[:-1], strict=True))
    made = results[0].made(f"(case {parts} else {results[-1].sql} end)", results[0].type, *conditions, *results[1:])
    return _with_native(made, results, lambda sqls: _case_sql(conditions, sqls))


def _case_sql(conditions: list[Typed], results: list[str]) -> str:
    parts = " ".join(f"when {a.sql} then {b}" for a, b in zip(conditions, results[:-1], strict=True))
    return f"(case {parts} else {results[-1]} end)"


def _with_native(made: Typed, results: list[Typed], write: object) -> Typed:
    """Return a chosen value with the properties that all branches share."""
    del write
    texts = made.type.name in TEXTS
    return replace(
        made,
        collation=results[0].collation if texts else made.collation,
        ascii=texts and all(it.ascii or it.sql == "null" for it in results),
    )


def truth(context: Context, value: Typed) -> Typed:
    """Return a value as a condition."""
    return coerce(context, value, BOOLEAN)


@handles(exp.Coalesce, "this", "expressions")
def _coalesce(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _chosen(context, node, scope, "coalesce")


def _chosen(context: Context, node: exp.Expr, scope: Scope, name: str) -> Typed:
    values = [context.expression(it, scope) for it in (node.this, *node.expressions)]
    values = branches(context, values)
    inner = ", ".join(it.sql for it in values)
    made = values[0].made(f"{name}({inner})", values[0].type, *values[1:])
    return replace(made, collation=values[0].collation, ascii=all(it.ascii for it in values))


@handles(exp.Greatest, "this", "expressions")
def _greatest(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _extreme(context, node, scope, "greatest")


@handles(exp.Least, "this", "expressions")
def _least(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return _extreme(context, node, scope, "least")


def _extreme(context: Context, node: exp.Expr, scope: Scope, name: str) -> Typed:
    made = _chosen(context, node, scope, name)
    if made.type == NUMERIC or made.type.is_array:
        raise NotTranslatable(f"{name} of {made.type}")
    check_order(context, made)
    return made


@handles(exp.Nullif, "this", "expression")
def _nullif(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    first = context.expression(node.this, scope)
    second = context.expression(node.args["expression"], scope)
    if first.type == UNKNOWN:
        first = coerce(context, first, common_type([first, second]))
    equal = compare(context, "=", first, second)
    made = first.made(f"(case when {equal.sql} then null else {first.sql} end)", first.type, equal)
    return replace(made, collation=first.collation, ascii=first.ascii)


@handles(exp.Array, "expressions")
def _array(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    if any(isinstance(it, exp.Query) for it in node.expressions):
        raise NotTranslatable("array(select …)")
    values = [context.expression(it, scope) for it in node.expressions]
    if not values:
        raise NotTranslatable("array[] without a type")
    if any(it.type.is_array for it in values):
        raise NotTranslatable("an array of arrays")
    values = branches(context, values)
    made = array_of(context, values[0].type.base, values)
    return replace(made, collation=values[0].collation) if values[0].type.name in TEXTS else made


@handles(exp.Bracket, "this", "expressions")
def _element(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Element of an array by its number, NULL beside it: PostgreSQL has no numbers from the end."""
    array = context.expression(node.this, scope)
    if len(node.expressions) != 1 or not array.type.is_array:
        raise NotTranslatable(f"an element of {array.type}: {written(node)}")
    place = cast(context, context.expression(node.expressions[0], scope), INTEGER)
    made = array.made(f"list_extract({array.sql}, greatest({place.sql}, 0))", array.type.element, place)
    text = array.type.element.name in TEXTS
    return replace(made, collation=array.collation if text else OF_DATABASE) if text else made
