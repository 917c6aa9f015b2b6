"""Walks through the tree of a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sqlglot import exp

#: Names of columns that do not stand in the query, but for those of functions.
_UNNAMED: Final = ("case", "coalesce", "greatest", "least", "array", "row", "exists", "bool", "overlay", "timezone")


def level(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the nodes of a select, and its subqueries without what is in them; not those of its WITH list."""
    pending = [value for name, value in select.args.items() if name != "with_"]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, exp.Expr):
            yield node
            if not isinstance(node, exp.Select | exp.SetOperation | exp.Subquery):
                pending += node.args.values()
            elif isinstance(node, exp.Subquery) and not isinstance(node.this, exp.Query):
                pending += node.args.values()  # a join in brackets
            elif isinstance(node, exp.Subquery):
                pending.append(node.args.get("joins"))


def words_of(item: exp.Expr) -> frozenset[str]:
    """Return the names that the server may give a column of a result that has no name."""
    return frozenset((*re.findall(r"\w+", item.sql(dialect="postgres").lower()), *_UNNAMED))
