"""Which expressions have a value on any row: none of their functions fails on an argument."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

_NODES: Final = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.DataType, exp.Var, exp.ByteString,
    exp.And, exp.Or, exp.Not, exp.Is, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Collate, exp.Lower, exp.Upper, exp.Trim,
    exp.Replace, exp.Length, exp.DPipe, exp.Translate,
)  # fmt: skip
_CALLS: Final = frozenset(
    ("btrim", "ltrim", "rtrim", "hashtext", "hashtextextended", "char_length", "octet_length", "translate", "md5")
)
#: Functions with a pattern, which fails unless it is written out, and has been tried.
_PATTERNS: Final = (exp.RegexpLike, exp.RegexpILike, exp.RegexpReplace, exp.Like, exp.ILike)


def is_total(value: exp.Expr) -> bool:
    """Whether a value can be computed for any row of a table."""
    return all(_is_total(node) for node in value.walk())


def _is_total(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DType.TEXT)
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _CALLS
    if isinstance(node, _PATTERNS):
        others = [it for it in node.iter_expressions() if it is not node.this]
        return all(it.find(exp.Column) is None for it in others)
    return isinstance(node, _NODES)
