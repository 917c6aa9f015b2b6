"""SQL of what the parser has read, with the forms that its generator would change."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp


def written(node: exp.Expr) -> str:
    """Return SQL of an expression or a query."""
    return rewritten(node, _kept).sql(dialect="postgres")


def rewritten(node: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Return a copy in which each node is changed, after those below it."""
    root = node.copy()
    for one in reversed(list(root.walk())):
        new = change(one)
        if new is one:
            continue
        if one is root:
            root = new
        else:
            one.replace(new)
    return root


def _kept(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.ByteString):
        # E'…' is decoded; the generator writes a vertical tab as \\v, which the server takes for the letter v
        return exp.Var(this="'" + str(node.this).replace("'", "''") + "'")
    if isinstance(node, exp.Trim) and not node.args.get("position") and not node.args.get("collation"):
        parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
        return exp.Anonymous(this="btrim", expressions=[part.copy() for part in parts])
    return node
