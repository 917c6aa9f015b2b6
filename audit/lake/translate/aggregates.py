"""Handlers of aggregates and window functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.translate.coerce import as_text, coerce
from order_audit.audit.lake.translate.collations import check_order
from order_audit.audit.lake.translate.compare import key
from order_audit.audit.lake.translate.context import Context, ExpressionHandler, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.logic import condition
from order_audit.audit.lake.translate.ordering import order_by
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    NUMERIC,
    OF_DATABASE,
    TEXT,
    TEXTS,
    UNKNOWN,
    Native,
    Typed,
)
from order_audit.audit.lake.translate.values import branches, truth

#: Types whose least and greatest value the other engine finds.
_EXTREMES: Final = ("smallint", "integer", "bigint", "real", "double precision", "date", "timestamp without time zone",
                    "timestamp with time zone", *TEXTS)  # fmt: skip


def _count(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    if isinstance(node.this, exp.Star):
        return Typed("count(*)", BIGINT)
    if isinstance(node.this, exp.Distinct):
        if len(node.this.expressions) != 1 or isinstance(node.this.expressions[0], exp.Tuple):
            raise NotTranslatable(written(node))
        value = context.expression(node.this.expressions[0], scope)
        return value.made(f"count(distinct {key(value)})", BIGINT)
    value = context.expression(node.this, scope)
    return value.made(f"count({value.sql})", BIGINT)


def _sum(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    if value.type.name in ("smallint", "integer"):
        return value.made(f"sum({value.sql})", BIGINT)  # a cast around it: see `finished`
    native = coerce(context, value, NUMERIC).native if value.type.name in ("bigint", "numeric") else None
    if native is None:
        raise NotTranslatable(
            f"the aggregate sum({value.type}), whose result depends on the order of the rows or digits"
        )
    return replace(value.made(f"sum({native.sql})", NUMERIC), native=Native(f"sum({native.sql})", 38, native.scale))


def _avg(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    value = context.expression(node.this, scope)
    native = (
        coerce(context, value, NUMERIC).native
        if value.type.name in ("smallint", "integer", "bigint", "numeric")
        else None
    )
    if native is None:
        raise NotTranslatable(
            f"the aggregate avg({value.type}), whose result depends on the order of the rows or digits"
        )
    return value.made(f"avg({native.sql})", NUMERIC)  # a quotient: see `finished`


def _extreme(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name = "min" if isinstance(node, exp.Min) else "max"
    value = context.expression(node.this, scope)
    if value.type == UNKNOWN:
        value = coerce(context, value, TEXT)
    if value.type.name == "numeric" and value.native:
        native = replace(value.native, sql=f"{name}({value.native.sql})")
        return replace(value.made(f"cast({native.sql} as varchar)", NUMERIC), native=native)
    if value.type.is_array or value.type.name not in _EXTREMES:
        raise NotTranslatable(f"the aggregate {name}({value.type})")
    check_order(context, value)
    made = value.made(f"{name}({value.sql})", value.type)
    return replace(made, collation=value.collation, ascii=value.ascii)


def _of_booleans(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name = "bool_or" if isinstance(node, exp.LogicalOr) else "bool_and"
    value = truth(context, context.expression(node.this, scope))
    return value.made(f"{name}({value.sql})", BOOLEAN)


def _ordered(context: Context, node: exp.Expr, scope: Scope) -> tuple[exp.Expr, str]:
    """Return what is aggregated, and its order as text."""
    if isinstance(node, exp.Order):
        return node.this, " " + order_by(context, node, scope)
    return node, ""


def _array_agg(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    inner, order = _ordered(context, node.this, scope)
    if isinstance(inner, exp.Distinct):
        raise NotTranslatable(written(node))
    value = context.expression(inner, scope)
    if value.type == UNKNOWN or value.type.is_array:
        raise NotTranslatable(f"array_agg of {value.type}")
    return replace(value.made(f"list({value.sql}{order})", value.type.array), collation=value.collation)


def _string_agg(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    inner, order = _ordered(context, node.this, scope)
    by = context.expression(node.args["separator"], scope) if node.args.get("separator") else None
    if isinstance(inner, exp.Distinct) or by is None or by.literal is None or not order:
        raise NotTranslatable(
            f"string_agg without order by, with distinct, or without a literal between: {written(node)}"
        )
    value = as_text(context, context.expression(inner, scope))
    return value.made(f"string_agg({value.sql}, {by.sql}{order})", TEXT).collated(OF_DATABASE)


def _filtered(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    made = raw(context, node.this, scope)
    where = condition(context, node.args["expression"].this, scope)
    suffix = f" filter (where {where.sql})"
    sql = _suffixed(made.sql, suffix)
    native = replace(made.native, sql=_suffixed(made.native.sql, suffix)) if made.native else None
    return replace(
        made, sql=sql, native=native, raises=made.raises or where.raises, subquery=made.subquery or where.subquery
    )


def _suffixed(sql: str, suffix: str) -> str:
    """Put FILTER or OVER behind the call inside of a cast."""
    if sql.startswith("cast(") and sql.endswith(" as varchar)"):
        return f"cast({sql[5:-12]}{suffix} as varchar)"
    return sql + suffix


_AGGREGATES: Final[dict[type[exp.Expr], ExpressionHandler]] = {
    exp.Count: _count,
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.Min: _extreme,
    exp.Max: _extreme,
    exp.LogicalOr: _of_booleans,
    exp.LogicalAnd: _of_booleans,
    exp.ArrayAgg: _array_agg,
    exp.GroupConcat: _string_agg,
}


def raw(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    """Compile an aggregate without what has to stand around FILTER and OVER."""
    if isinstance(node, exp.Filter):
        return _filtered(context, node, scope)
    handler = _AGGREGATES.get(type(node))
    others = [value for part, value in node.args.items() if part not in ("this", "separator", "big_int")]
    if handler is None or any(others):
        raise NotTranslatable(written(node))
    return handler(context, node, scope)


def _aggregate(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    return finished(node.this if isinstance(node, exp.Filter) else node, raw(context, node, scope))


for _kind in (*_AGGREGATES, exp.Filter):
    handles(_kind, "this", "separator", "expression")(_aggregate)


#: Window functions: name, type of the result (empty for the argument's), parts that are arguments.
_WINDOWS: Final[dict[type[exp.Expr], tuple[str, PgType | None, tuple[str, ...]]]] = {
    exp.RowNumber: ("row_number", BIGINT, ()),
    exp.Rank: ("rank", BIGINT, ()),
    exp.DenseRank: ("dense_rank", BIGINT, ()),
    exp.Lag: ("lag", None, ("this", "offset", "default")),
    exp.Lead: ("lead", None, ("this", "offset", "default")),
    exp.FirstValue: ("first_value", None, ("this",)),
    exp.LastValue: ("last_value", None, ("this",)),
}


def _call_of_window(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    name, result, parts = _WINDOWS[type(node)]
    for part, value in node.args.items():
        if value not in (None, False, []) and part not in parts:
            raise NotTranslatable(f"'{part}' of {name}")
    values = [context.expression(node.args[it], scope) for it in parts if node.args.get(it) is not None]
    if len(values) > 1:
        values[1] = coerce(context, values[1], INTEGER)
    if len(values) > 2:
        values[0], values[2] = branches(context, [values[0], values[2]])
    inner = ", ".join(it.sql for it in values)
    if result is not None:
        return Typed(f"{name}({inner})", result)
    made = values[0].made(f"{name}({inner})", values[0].type, *values[1:])
    return replace(made, collation=values[0].collation, ascii=all(it.ascii for it in (values[0], *values[2:])))


@handles(exp.Window, "this", "partition_by", "order", "spec", "alias", "over")
def _window(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    function = node.this
    filtered = isinstance(function, exp.Filter)
    inner = function.this if filtered else function
    if type(inner) in _WINDOWS and not filtered:
        made = _call_of_window(context, inner, scope)
    else:
        if isinstance(inner, exp.ArrayAgg | exp.GroupConcat | exp.Avg) or (
            isinstance(inner, exp.Count) and isinstance(inner.this, exp.Distinct)
        ):
            raise NotTranslatable(f"as a window function: {written(inner)}")
        made = raw(context, function, scope)
    over = f" over ({_definition(context, node, scope)})"
    native = replace(made.native, sql=_suffixed(made.native.sql, over)) if made.native else None
    made = replace(made, sql=_suffixed(made.sql, over), native=native)
    return finished(inner, made)


def finished(node: exp.Expr, made: Typed) -> Typed:
    """Bring the sum of integers to bigint, as PostgreSQL has it."""
    if isinstance(node, exp.Sum) and made.type == BIGINT:
        return replace(made, sql=f"cast({made.sql} as bigint)")
    if isinstance(node, exp.Sum):
        return replace(made, sql=f"cast({made.sql} as varchar)")
    if isinstance(node, exp.Avg):
        total, count = made.sql.replace("avg(", "sum(", 1), made.sql.replace("avg(", "count(", 1)
        quotient = f"oa_py_num('/', cast({total} as varchar), cast(nullif({count}, 0) as varchar))"
        return replace(made, sql=quotient, raises=True)
    return made


def _definition(context: Context, node: exp.Expr, scope: Scope) -> str:
    """Return the parts of a window, those of a named one first."""
    parts: dict[str, object] = {}
    named = node.args.get("alias")
    if named is not None:
        base = scope.windows.get(str(named.name).lower())
        if base is None:
            raise NotTranslatable(f"the window {named.name}")
        parts = {it: base.args.get(it) for it in ("partition_by", "order", "spec", "alias") if base.args.get(it)}
        if "spec" in parts and (node.args.get("order") or node.args.get("spec")):
            raise NotTranslatable(f"a window made of {named.name}, which has a frame")
        if isinstance(parts.get("alias"), exp.Expr) and parts.get("alias") is not None and base.args.get("over"):
            raise NotTranslatable("a window made of another one")
    for part in ("partition_by", "order", "spec"):
        if node.args.get(part):
            parts[part] = node.args[part]
    text = []
    if partition := parts.get("partition_by"):
        text.append("partition by " + ", ".join(group_key(context, it, scope) for it in partition))  # type: ignore[attr-defined]
    if isinstance(order := parts.get("order"), exp.Expr):
        text.append(order_by(context, order, scope))
    if isinstance(spec := parts.get("spec"), exp.Expr):
        text.append(_frame(spec))
    return " ".join(text)


def group_key(context: Context, node: exp.Expr, scope: Scope) -> str:
    """Compile an expression to group by."""
    return key(context.expression(node, scope))


def _frame(spec: exp.Expr) -> str:
    kind = str(spec.args.get("kind") or "").lower()
    if spec.args.get("exclude") or kind not in ("rows", "groups", "range"):
        raise NotTranslatable(f"the frame {written(spec)}")

    def bound(value: object, side: object) -> str:
        text = value.name if isinstance(value, exp.Literal) else str(value)
        if text.upper() == "CURRENT ROW":
            return "current row"
        if text.upper() == "UNBOUNDED" or (text.isdigit() and kind != "range"):
            return f"{text.lower()} {str(side).lower()}"
        raise NotTranslatable(f"the frame {written(spec)}")

    begin = bound(spec.args.get("start"), spec.args.get("start_side"))
    if spec.args.get("end") is None:
        return f"{kind} {begin}"
    return f"{kind} between {begin} and {bound(spec.args['end'], spec.args.get('end_side'))}"
