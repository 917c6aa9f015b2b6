"""Which rows of a table a statement needs, where it says so in each place that reads it.

Where `orders` stands only in selects whose WHERE has `order_status in ('active', 'paused')`, the statement's result is
the same on a table that has no other orders. Several statements can then share one reading of those rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, with_query
from order_audit.audit.analysis.filters import ROW, Filter, OneOf, ReadSet, Test, any_of

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
#: Nodes of a predicate. It is generated from the parser's tree, and these have only one meaning.
_SIMPLE = (exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Paren, exp.Neg, exp.And, exp.Or, exp.Not, exp.In,
           exp.Is, exp.Between, *_COMPARISONS)  # fmt: skip


def read_sets(tree: exp.Query) -> dict[str, ReadSet]:
    """Return the predicates of each unqualified table that the statement filters wherever it reads it."""
    if any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star)):
        return {}
    columns: set[str] = set()
    bare: set[str] = set()
    for column in tree.find_all(exp.Column):
        if isinstance(column.this, exp.Identifier):
            (columns if column.args.get("table") else bare).add(folded_name(column.this))
    places: dict[str, list[Filter | None]] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and with_query(table) is None:
            if _own(table) in bare:
                return {}  # the whole row
            places.setdefault(folded_name(table.this), []).append(_filter(table))
    return {
        name: ReadSet(tuple(one for one in selects if one), frozenset(columns | bare))
        for name, selects in places.items()
        if all(selects)
    }


def parse_read_sets(sql: str) -> dict[str, ReadSet]:
    """What a statement, which must be a select that the parser understands, needs."""
    tree = sqlglot.parse_one(sql, dialect="postgres")
    assert isinstance(tree, exp.Query)  # noqa: S101 - our own text
    return read_sets(tree)


def _own(table: exp.Table) -> str:
    alias = table.args.get("alias")
    return folded_name(alias.this) if alias is not None else folded_name(table.this)


def _filter(table: exp.Table) -> Filter | None:
    """Return the predicates on a table in its select; None if there are none or they are unknown."""
    if any(value for part, value in table.args.items() if part not in ("this", "alias")):
        return None  # a schema, a sample, joins in brackets
    alias = table.args.get("alias")
    if alias is not None and alias.columns:
        return None
    place, select = table.parent, table.find_ancestor(exp.Select)
    if select is None or not isinstance(place, exp.From | exp.Join) or place.parent is not select:
        return None
    joins: list[exp.Join] = select.args.get("joins") or []
    if any(join.side in ("RIGHT", "FULL") or join.args.get("method") for join in joins):
        return None
    where = select.args.get("where")
    if where is None:
        return None
    # rows that an outer join leaves empty must not pass for want of a row that was filtered away
    strict = isinstance(place, exp.Join) and place.side == "LEFT"
    alone = not joins and not select.args.get("laterals")
    own = _own(table)
    tests = (_test(part, own, alone=alone) for part in _conjuncts(where.this) if not strict or _is_strict(part))
    return frozenset(test for test in tests if test is not None) or None


def _conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    elif isinstance(node, exp.Paren):
        yield from _conjuncts(node.this)
    else:
        yield node


def _test(node: exp.Expr, own: str, *, alone: bool) -> Test | None:
    """A condition that looks at one row of the source `own` and nothing else, in few words; None if it is another."""
    columns = list(node.find_all(exp.Column))
    if not columns or not all(_is_simple(part) for part in node.walk(prune=lambda part: isinstance(part, exp.Cast))):
        return None
    for column in columns:
        qualifier = column.args.get("table")
        if column.args.get("db") or not isinstance(column.this, exp.Identifier):
            return None
        if (folded_name(qualifier) != own) if qualifier is not None else not alone:
            return None
    node = node.copy()
    for column in node.find_all(exp.Column):
        column.set("table", exp.to_identifier(ROW))
        column.this.set("this", folded_name(column.this))
        column.this.set("quoted", True)
    return _among(node) or Test(_sql(node))


def _among(node: exp.Expr) -> OneOf | None:
    """A test of what values an expression has, or None."""
    if isinstance(node, exp.Paren):
        return _among(node.this)
    if isinstance(node, exp.Or):
        for null, rest in ((node.left, node.right), (node.right, node.left)):
            choice = _among(rest)
            if choice and isinstance(null, exp.Is) and isinstance(null.expression, exp.Null):
                # a text is NULL where the column is of which it was made
                of = {_sql(null.this), _sql(exp.cast(null.this.copy(), exp.DataType.Type.TEXT))}
                return any_of(choice.of, choice.values, others=choice.others, null=True) if choice.of in of else None
        return None
    if isinstance(node, exp.EQ | exp.NEQ) and isinstance(node.expression, exp.Literal):
        return any_of(_sql(node.this), (_sql(node.expression),), others=isinstance(node, exp.NEQ), null=False)
    others = isinstance(node, exp.Not)
    inner = node.this if isinstance(node, exp.Not) else node
    inner = inner.this if isinstance(inner, exp.Paren) else inner
    listed = inner.args.get("expressions") if isinstance(inner, exp.In) else None
    if listed and not inner.args.get("query") and all(isinstance(value, exp.Literal) for value in listed):
        return any_of(_sql(inner.this), map(_sql, listed), others=others, null=False)
    return None


def _is_simple(node: exp.Expr) -> bool:
    if isinstance(node, exp.Cast):
        # as in order_status::text
        return node.to.this == exp.DataType.Type.TEXT and isinstance(node.this, exp.Column)
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
        return False
    if isinstance(node, exp.Literal) and "\\" in str(node.this):
        return False
    return type(node) in _SIMPLE


def _is_strict(node: exp.Expr) -> bool:
    """Whether a condition is never true of a row that an outer join left empty."""
    if isinstance(node, exp.Not):
        return isinstance(node.this, exp.In) and _is_strict(node.this)
    if isinstance(node, exp.In | exp.Between) and not isinstance(node.this, exp.Column | exp.Cast):
        return False
    return isinstance(node, (exp.In, exp.Between, *_COMPARISONS)) and not any(
        node.find_all(exp.And, exp.Or, exp.Not, exp.Is)
    )


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="postgres", comments=False)
