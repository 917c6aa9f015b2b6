"""Which columns decide what a query finds: those that it reads, except where it only shows them.

A column in a select list is shown, unless an expression computes with it. Names through subqueries are not followed:
such a name stands for every column of that name. So a column may count as read that is not, but seldom the reverse.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, output_name, with_query
from order_audit.audit.analysis.relation_name import RelationName


def columns_read(tree: exp.Query) -> frozenset[tuple[RelationName | None, str]]:
    """Return the columns that a query reads, each with its relation; None where it may be of any."""
    aliases: dict[str, set[RelationName]] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and with_query(table) is None:
            schema, alias = table.args.get("db"), table.args.get("alias")
            relation = RelationName(folded_name(schema) if schema else "", folded_name(table.this))
            called = folded_name(alias.this) if alias is not None and alias.this is not None else relation.relation
            aliases.setdefault(called, set()).add(relation)
    renamed = {
        output_name(item): folded_name(item.this.this)
        for item in tree.find_all(exp.Alias)
        if isinstance(item.this, exp.Column) and isinstance(item.this.this, exp.Identifier)
    }
    read: set[tuple[RelationName | None, str]] = set()
    for qualifier, name in _used(tree):
        if qualifier in aliases:
            read |= {(known, name) for known in aliases[qualifier]}
        else:
            read |= {(None, name), (None, renamed.get(name, name))}
    return frozenset(read)


def _used(tree: exp.Query) -> Iterator[tuple[str, str]]:
    """Yield the qualifier and the name of each column that is used in an expression or a condition."""
    for column in tree.find_all(exp.Column):
        if isinstance(column.this, exp.Identifier) and not _is_shown(column) and not _is_last_order(column, tree):
            qualifier = column.args.get("table")
            yield folded_name(qualifier) if qualifier else "", folded_name(column.this)
    for join in tree.find_all(exp.Join):
        for name in join.args.get("using") or ():
            yield "", folded_name(name.this if isinstance(name, exp.Column) else name)


def _is_shown(column: exp.Column) -> bool:
    """Whether a column is in a select list as it is."""
    item = column.parent if isinstance(column.parent, exp.Alias) else column
    return isinstance(item.parent, exp.Select) and item.arg_key == "expressions"


def _is_last_order(column: exp.Column, tree: exp.Query) -> bool:
    """Whether a column only orders the whole result."""
    order = column.find_ancestor(exp.Order)
    if order is None or order.parent is not tree:
        return False
    return not any(tree.args.get(part) for part in ("limit", "offset", "fetch", "distinct"))
