"""Values that a WITH query computes from single rows, none or several from each, as pairs with a value of the row."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, output_name
from order_audit.audit.analysis.query_scope import Pairing, Underivable
from order_audit.audit.analysis.windows import is_by_row
from order_audit.audit.analysis.written import written

#: Why a window's rows are not known.
_NAME: Final = r'"(?:[^"]|"")+"'
#: The end of a query of pairs.
_SELECT: Final = re.compile(rf'SELECT {_NAME}, {_NAME} FROM "(?P<name>(?:[^"]|"")+)"\Z')
_REFUSED: Final = "it has a window by a value that is not computed from single rows of a table"


def pair_query(tree: exp.Query, pairing: Pairing, value: exp.Expr, source: int) -> str:
    """Return the query of the pairs: of each row of a query's WITH query, the `value` of its source, and the column.

    The pairs of a row of the source depend on that row alone. Raises Underivable if they do not.
    """
    scope = pairing.query
    withs = tree.args.get("with_")
    its = [it for it in withs.expressions if it.this is scope.select] if withs is not None else []
    if not its or withs is None or withs.args.get("recursive") or scope.numbers() != {source}:
        raise Underivable(_REFUSED)
    names = scope.catalog.aggregates
    if not all(is_by_row(one.select, names) for one in scope.all() if one.numbers()) or its[0].args["alias"].columns:
        raise Underivable(_REFUSED)
    known = next(
        (
            output_name(item)
            for item in scope.select.expressions
            if not item.is_star and scope.traced(item.unalias()).value == value
        ),
        None,
    )
    if known is None or [output_name(item) for item in scope.select.expressions].count(pairing.column) != 1:
        raise Underivable(_REFUSED)
    columns = [exp.column(exp.to_identifier(name, quoted=True)) for name in (known, pairing.column)]
    query = exp.select(*columns).from_(exp.to_identifier(scope.named, quoted=True))
    query.set("with_", withs.copy())
    own = query.args["with_"].expressions[withs.expressions.index(its[0])].this
    if not own.args.get("order"):
        _keep_columns(own, {known, pairing.column})
        _prune(own)
    for node in query.walk():
        node.comments = None
    return written(query)


def divided(query: str) -> tuple[str, str]:
    """Return the name of the WITH query that a query of pairs reads, and the query without its WITH queries."""
    found = _SELECT.search(query)
    assert found is not None  # noqa: S101 - pair_query() writes it
    return found["name"].replace('""', '"'), found[0]


def _prune(select: exp.Select) -> None:
    """Leave out columns of the first subquery in FROM that nothing names: fewer of its rows are different then."""
    first = select.args["from_"].this
    inner = first.this if isinstance(first, exp.Subquery) else None
    if not isinstance(inner, exp.Select) or inner.args.get("order") or first.args["alias"].columns:
        return
    inside = {id(node) for node in inner.walk()}
    outside = [node for node in select.walk() if id(node) not in inside]
    names = {folded_name(node.this) for node in outside if isinstance(node, exp.Column) and not node.is_star}
    if folded_name(first.args["alias"].this) in names or any(isinstance(node, exp.Star) for node in outside):
        return  # whole rows
    _keep_columns(inner, names)


def _keep_columns(select: exp.Select, names: Collection[str]) -> None:
    kept = [item for item in select.expressions if item.is_star or output_name(item) in names]
    select.set("expressions", kept or select.expressions)
