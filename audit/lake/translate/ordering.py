"""ORDER BY: the order of PostgreSQL, with NULL last, or first where it descends."""

from __future__ import annotations

from sqlglot import exp

from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.collations import check_order
from order_audit.audit.lake.translate.context import Context, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import INTEGERS, NUMBERS, TEXT, TEXTS, UNKNOWN, Typed

_ORDERED = ("boolean", "date", "timestamp without time zone", "timestamp with time zone", "uuid", "bytea", "bit",
            "bit varying", *NUMBERS, *TEXTS)  # fmt: skip


def order_by(context: Context, node: exp.Expr, scope: Scope, results: dict[str, Typed] | None = None) -> str:
    """Compile an ORDER BY. `results` has the columns of a query by name and by number, for the order of a query."""
    return "order by " + ", ".join(_item(context, it, scope, results or {}) for it in node.expressions)


def _item(context: Context, node: exp.Expr, scope: Scope, results: dict[str, Typed]) -> str:
    if not isinstance(node, exp.Ordered) or node.args.get("with_fill"):
        raise NotTranslatable(f"order by {written(node)}")
    inner = node.this
    value = None
    if isinstance(inner, exp.Literal) and not inner.is_string and results:
        value = results.get(inner.name)
    elif isinstance(inner, exp.Column) and not inner.args.get("table"):
        value = results.get(inner.name if inner.this.args.get("quoted") else inner.name.lower())
    if value is None:
        value = context.expression(inner, scope)
    direction = "desc" if node.args.get("desc") else "asc"
    nulls = "first" if node.args.get("nulls_first") else "last"
    return f"{sort_key(context, value)} {direction} nulls {nulls}"


def sort_key(context: Context, value: Typed) -> str:
    """Return an expression with the order of a value."""
    if value.type == UNKNOWN:
        value = coerce(context, value, TEXT)
    if value.type.is_array and value.type.name in INTEGERS:
        return value.sql
    if value.type.is_array or value.type.name not in _ORDERED:
        raise NotTranslatable(f"an order by {value.type}")
    check_order(context, value)
    if value.type.name == "numeric":
        if value.native is None:
            raise NotTranslatable("an order by numerics of any number of digits")
        return value.native.sql
    return value.sql
