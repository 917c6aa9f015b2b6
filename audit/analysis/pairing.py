"""Values that a WITH query computes from single rows, none or several from each, as pairs with a value of the row."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import output_name
from order_audit.audit.analysis.query_scope import Pairing, Underivable
from order_audit.audit.analysis.windows import is_by_row
from order_audit.audit.analysis.written import written

#: Why a window's rows are not known.
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
    for node in query.walk():
        node.comments = None
    return written(query)
