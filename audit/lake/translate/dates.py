"""Handlers of dates: parts of them."""

from __future__ import annotations

from sqlglot import exp

from order_audit.audit.lake.translate.context import Context, handles, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import NUMERIC, Native, Typed

#: Parts that are whole numbers, and whether they grow without a limit (an infinite date then has an infinite part).
_FIELDS = {"year": True, "month": False, "day": False, "quarter": False, "dow": False, "isodow": False, "doy": False}
_HOURS = {"hour": False, "minute": False}


@handles(exp.Extract, "this", "expression")
def _extract(context: Context, node: exp.Expr, scope: Scope) -> Typed:
    field = node.this.name.lower()
    value = context.expression(node.args["expression"], scope)
    fields = {**_FIELDS, **(_HOURS if value.type.name == "timestamp without time zone" else {})}
    if value.type.name not in ("date", "timestamp without time zone") or field not in fields:
        raise NotTranslatable(written(node))
    if field == "year":  # a numeric, which for an infinite date is infinite
        return value.made(f"oa_year({value.sql})", NUMERIC)
    native = f"(case when isfinite({value.sql}) then extract({field} from {value.sql}) end)"
    made = value.made(f"cast({native} as varchar)", NUMERIC)
    return Typed(
        made.sql,
        NUMERIC,
        raises=made.raises,
        subquery=made.subquery,
        native=Native(f"cast({native} as decimal(10, 0))", 10, 0),
    )
