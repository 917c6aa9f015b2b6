"""Refuses a parse that is not PostgreSQL's: sqlglot binds some operators in another order.

An operator's operands without parentheses have to bind at least as tightly as PostgreSQL says, the right one more
tightly. Only one tree of an expression does so, and it is the one that PostgreSQL reads.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from order_audit.audit.lake.translate.errors import NotTranslatable

#: From loose to tight, as in the grammar of PostgreSQL (gram.y).
_LEVELS: Final[tuple[tuple[type[exp.Expr], ...], ...]] = (
    (exp.Or,),
    (exp.And,),
    (exp.Not,),
    (exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ),
    (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE),
    (exp.Between, exp.In, exp.Like, exp.ILike, exp.SimilarTo, exp.Escape),
    (exp.DPipe, exp.RegexpLike, exp.RegexpILike, exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract,
     exp.JSONBExtractScalar, exp.ArrayContainsAll, exp.ArrayContainedBy, exp.ArrayOverlaps, exp.BitwiseAnd,
     exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.JSONBContainsTopKey),
    (exp.Add, exp.Sub),
    (exp.Mul, exp.Div, exp.Mod),
    (exp.Pow,),
    (exp.AtTimeZone,),
    (exp.Collate,),
    (exp.Neg,),
    (exp.Bracket,),
    (exp.Cast,),
)  # fmt: skip
_LEVEL: Final = {kind: level for level, kinds in enumerate(_LEVELS) for kind in kinds}
_NOT: Final = _LEVEL[exp.Not]
#: Levels whose operators are not chained.
_ALONE: Final = frozenset(_LEVEL[it] for it in (exp.EQ, exp.Between, exp.Is))


def check_precedence(node: exp.Expr) -> None:
    """Raise NotTranslatable where an operand binds less tightly than PostgreSQL lets it."""
    level = _LEVEL.get(type(node))
    if level is None or (isinstance(node, exp.Cast) and not isinstance(node.this, exp.Expr)):
        return
    for place, part in enumerate(_operands(node)):
        inner = _LEVEL.get(type(part))
        if inner is None:
            continue
        if isinstance(part, exp.Not) and type(part.this) in (exp.RegexpLike, exp.RegexpILike, exp.In, exp.Between):
            inner = _LEVEL[type(part.this)]  # `a !~ b` and `a not in (b)` are read as a negation
        if (level == _NOT and inner > _NOT) or (
            isinstance(node, exp.Escape) and isinstance(part, exp.Like | exp.ILike)
        ):
            continue
        if inner < level or (inner == level and (level in _ALONE or place > 0) and level > _NOT):
            raise NotTranslatable(
                f"the order of operators without parentheses in {' '.join(node.sql('postgres').split())[:60]}"
            )


def _operands(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Cast | exp.Bracket | exp.In | exp.Collate):
        return [node.this]
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    return [it for it in (node.args.get("this"), node.args.get("expression")) if isinstance(it, exp.Expr)]
