"""The columns that a rule's WHERE tests."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from order_audit.audit.analysis.column_lineage import folded_name, output_name
from order_audit.expectations import Rule


def tested_columns(rule: Rule) -> tuple[str, ...]:
    """Return the columns of the outermost WHERE that the result shows unchanged, except the key; none if unknown."""
    try:
        tree = sqlglot.parse_one(rule.sql, dialect="postgres")
    except (SqlglotError, RecursionError):
        return ()
    where = tree.args.get("where")
    if not isinstance(tree, exp.Select) or where is None:
        return ()
    alone = not tree.args.get("joins")
    tested = {
        _named(node, alone=alone)
        for node in where.walk(prune=lambda node: isinstance(node, exp.Query))
        if isinstance(node, exp.Column)
    }
    names = [output_name(item) for item in tree.selects if _named(item.unalias(), alone=alone) in tested - {None}]
    return tuple(dict.fromkeys(name for name in names if name not in rule.key))


def _named(node: exp.Expr, *, alone: bool) -> tuple[str, str] | None:
    """A column by its source, if it has to have one, and its name."""
    if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Identifier):
        return None
    source = node.args.get("table")
    return "" if alone or source is None else folded_name(source), folded_name(node.this)
