"""The aggregates and window functions of a select."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name
from order_audit.audit.analysis.query_walk import level


def aggregates(select: exp.Select, names: Collection[str]) -> Iterator[exp.Expr]:
    """Yield the aggregates of a select that are no window functions; the parser does not know those with `names`."""
    for node in level(select):
        is_aggregate = isinstance(node, exp.AggFunc) or (isinstance(node, exp.Anonymous) and node.name.lower() in names)
        if is_aggregate and node.find_ancestor(exp.Window, exp.Select) is select:
            yield node


def windows(select: exp.Select) -> Iterator[list[exp.Expr]]:
    """Yield the expressions by which the rows of each window function are partitioned."""
    named = {folded_name(it.this): it for it in select.args.get("windows") or ()}
    for window in level(select):
        if isinstance(window, exp.Window) and window.parent is not select:
            of: exp.Expr | None = window
            while of is not None and not of.args.get("partition_by"):
                base = of.args.get("alias")
                of = named.get(folded_name(base)) if isinstance(base, exp.Identifier) else None
            yield of.args["partition_by"] if of is not None else []


def is_by_row(select: exp.Select, names: Collection[str]) -> bool:
    """Whether each row of the result is computed from one row of each part of FROM; equal ones may be one."""
    distinct = select.args.get("distinct")
    return (
        not any(select.args.get(part) for part in ("group", "having", "limit", "fetch"))
        and not (distinct is not None and distinct.args.get("on"))
        and not any(aggregates(select, names))
        and not any(isinstance(node, exp.Window) for node in level(select))
    )
