"""FROM: entries one behind the other, with their joins."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from order_audit.audit.lake.translate.compare import compare
from order_audit.audit.lake.translate.context import Context, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.logic import condition
from order_audit.audit.lake.translate.scope import Relation, Scope
from order_audit.audit.lake.translate.sources import source
from order_audit.audit.lake.translate.values import name_of

_PARTS = frozenset(("this", "on", "kind", "side", "using"))


def from_clause(context: Context, node: exp.Expr, scope: Scope) -> str:
    """Compile FROM; add its relations to the scope, and return its text, empty without FROM."""
    first = node.args.get("from_")
    if first is None:
        return ""
    apart = Scope(scope.outer, common=scope.common)
    joins = node.args.get("joins") or []
    sides = {str(it.args.get("side") or "").upper() for it in joins}
    if sides & {"RIGHT", "FULL"} and any(_is_comma(it) for it in joins):
        raise NotTranslatable("a right or full join beside a comma in FROM")
    text, relation = source(context, first.this, scope, apart)
    scope.relations.append(relation)
    made = f" from {text}"
    for join in joins:
        made += _join(context, join, scope, apart)
    return made


def _is_comma(join: exp.Expr) -> bool:
    return not any(join.args.get(it) for it in ("on", "kind", "side", "using", "method"))


def _join(context: Context, join: exp.Expr, scope: Scope, apart: Scope) -> str:
    for part, value in join.args.items():
        if value not in (None, False, []) and part not in _PARTS:
            raise NotTranslatable(f"{part} of a join: {written(join)}")
    side, kind = (str(join.args.get(it) or "").upper() for it in ("side", "kind"))
    if side not in ("", "LEFT", "RIGHT", "FULL") or kind not in ("", "INNER", "CROSS", "OUTER"):
        raise NotTranslatable(f"a join: {written(join)}")
    text, relation = source(context, join.this, scope, apart)
    if using := join.args.get("using"):
        return _using(context, side, text, relation, [name_of(it) for it in using], scope)
    scope.relations.append(relation)
    on = join.args.get("on")
    if on is None:
        if side or kind == "INNER":
            raise NotTranslatable(f"a join: {written(join)}")
        return f" cross join {text}"
    word = f"{side.lower()} join" if side else "join"
    return f" {word} {text} on {condition(context, on, scope).sql}"


def _using(context: Context, side: str, text: str, relation: Relation, names: list[str], scope: Scope) -> str:
    """Compile a join with equal columns of both sides; a name without a relation is then the left one's."""
    if side in ("RIGHT", "FULL"):
        raise NotTranslatable(f"a {side.lower()} join with using")
    columns = dict(relation.columns)
    parts = []
    for name in names:
        if name not in columns:
            raise NotTranslatable(f"the column {name}")
        parts.append(compare(context, "=", scope.column("", name), columns[name]).sql)
    scope.relations.append(replace(relation, hidden=relation.hidden | frozenset(names)))
    return f" {'left join' if side == 'LEFT' else 'join'} {text} on ({' and '.join(parts)})"
