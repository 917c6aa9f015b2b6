"""Column lineage: the sources of a statement's columns, through derived tables and WITHs.

None means unknown lineage: texts of such a column are masked, rows are looked up.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from order_audit.audit.analysis.query_facts import Lineage, Resolve
from order_audit.audit.analysis.relation_name import RelationName

#: Functions whose values reveal no more than their arguments: letters, maximum, count. Of any other function's
#: result nothing is known; it may be a whole row, or a value out of a document.
_PLAIN = (
    exp.Abs, exp.And, exp.Avg, exp.Case, exp.Cast, exp.Coalesce, exp.Concat, exp.Count, exp.FirstValue, exp.Greatest,
    exp.If, exp.Lag, exp.LastValue, exp.Lead, exp.Least, exp.Left, exp.Length, exp.Lower, exp.Max, exp.Min,
    exp.Nullif, exp.Or,
    exp.Replace, exp.Right, exp.Round, exp.RowNumber, exp.Substring, exp.Sum, exp.Trim, exp.Upper,
)  # fmt: skip
_OPAQUE = (exp.Query, exp.Star, exp.Dot, exp.Bracket, exp.Tuple, exp.Array, exp.Struct)


def by_name(relation: RelationName, column: str) -> frozenset[str] | None:  # noqa: ARG001
    """Take a column for one of a table, whose name describes it."""
    return frozenset((column,))


def folded_name(identifier: exp.Expr) -> str:
    """The name that PostgreSQL takes an identifier for: in small letters unless quoted."""
    name = str(identifier.this)
    return name if identifier.args.get("quoted") else name.lower()


def relation_name(table: exp.Table) -> RelationName:
    """The name of a relation, as PostgreSQL stores it."""
    schema = table.args.get("db")
    return RelationName(folded_name(schema) if schema else "", folded_name(table.this))


def output_name(item: exp.Expr) -> str:
    """The name of a column of a result."""
    named = (
        item.args.get("alias") if isinstance(item, exp.Alias) else item.this if isinstance(item, exp.Column) else None
    )
    return folded_name(named) if isinstance(named, exp.Identifier) else item.alias_or_name


def column_lineage(query: exp.Query, resolve: Resolve = by_name, *, loose: bool = False) -> Lineage:
    """Per column of a query's result, the names of the tables' columns that it is made of; None where unknown.

    `resolve` returns the names for a column of a relation. `loose` also follows the arguments of all functions of the
    server, for values of types that hold no text.
    """
    tracer = _Tracer(resolve, loose=loose)
    result: dict[str, frozenset[str] | None] = {}
    for place, item in enumerate(query.selects):
        sources = tracer.at(query, place, frozenset())
        name = output_name(item)
        result[name] = _both(sources, result[name]) if name in result else sources
    return result


def source_table(item: exp.Expr, select: exp.Select) -> exp.Table | None:
    """Return the table (at its position in FROM) of an unchanged column in a select list."""
    if not isinstance(item, exp.Column) or not isinstance(item.this, exp.Identifier):
        return None
    source = _source(item, select)
    if isinstance(source, exp.Table) and with_query(source) is None:
        return source if isinstance(source.this, exp.Identifier) and not _renamed(source) else None
    inner = _query(source)
    if not isinstance(inner, exp.Select):
        return None
    for below in inner.selects:
        if below.is_star:
            starred = exp.column(item.this.copy(), table=below.table if isinstance(below, exp.Column) else None)
            if (table := source_table(starred, inner)) is not None:
                return table
        elif output_name(below) == folded_name(item.this):
            return source_table(below.unalias(), inner)
    return None


def with_query(table: exp.Table) -> exp.CTE | None:
    """The WITH query that a name in a FROM clause stands for, looking outwards; None for a real relation."""
    if table.args.get("db") or not isinstance(table.this, exp.Identifier):
        return None
    node: exp.Expr | None = table
    inside: exp.Expr | None = None
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        if (with_ := node.args.get("with_")) is not None:
            for cte in with_.expressions:
                if cte is inside and not with_.args.get("recursive"):
                    break  # sees the ones before it, and not itself
                if isinstance(cte, exp.CTE) and folded_name(cte.args["alias"].this) == folded_name(table.this):
                    return cte
            inside = None
        node = node.parent
    return None


class _Tracer:
    """Follows columns to their sources."""

    def __init__(self, resolve: Resolve, *, loose: bool) -> None:
        self._resolve = resolve
        self._loose = loose

    def at(self, query: exp.Expr, place: int, seen: frozenset[tuple[int, int]]) -> frozenset[str] | None:
        """Return the sources of a query's column at `place`. A recursive query adds no source to itself."""
        if (id(query), place) in seen:
            return frozenset()
        seen |= {(id(query), place)}
        if isinstance(query, exp.SetOperation):
            return _both(self.at(query.left, place, seen), self.at(query.right, place, seen))
        if isinstance(query, exp.Subquery):
            return self.at(query.this, place, seen)
        if not isinstance(query, exp.Select) or query.is_star or place >= len(query.selects):
            return None
        return self._expression(query.selects[place].unalias(), query, seen)

    def _expression(
        self, item: exp.Expr, select: exp.Select, seen: frozenset[tuple[int, int]]
    ) -> frozenset[str] | None:
        if isinstance(item, exp.Window):
            return self._expression(item.this, select, seen)  # partition and order columns do not appear in the value
        if isinstance(item, exp.Column):
            return self._column(item, select, seen)
        if isinstance(item, (exp.Count, exp.Length)):
            return frozenset()  # a number that says nothing of the values
        if isinstance(item, _OPAQUE) or (isinstance(item, exp.Func) and not isinstance(item, _PLAIN)):
            unknown = isinstance(item, (*_OPAQUE, exp.Anonymous)) or item.find(exp.Query, exp.Star) is not None
            if unknown or not self._loose:
                return None if item.find(exp.Column, exp.Query, exp.Star) else frozenset()
        names: frozenset[str] | None = frozenset()
        for below in item.iter_expressions():
            names = _both(names, self._expression(below, select, seen))
        return names

    def _column(
        self, column: exp.Column, select: exp.Select, seen: frozenset[tuple[int, int]]
    ) -> frozenset[str] | None:
        if not isinstance(column.this, exp.Identifier):
            return None
        name = folded_name(column.this)
        if not column.table and any(source.alias_or_name.lower() == name for source in _sources(select)):
            return None  # the whole row
        source = _source(column, select)
        if source is None or _renamed(source):
            return None
        if isinstance(source, exp.Table) and with_query(source) is None:
            return self._resolve(relation_name(source), name) if isinstance(source.this, exp.Identifier) else None
        inner = _query(source)
        if not isinstance(inner, exp.Query):
            return None
        for place, below in enumerate(inner.selects):
            if below.is_star:
                starred = exp.column(column.this.copy(), table=below.table if isinstance(below, exp.Column) else None)
                if isinstance(inner, exp.Select) and (sources := self._column(starred, inner, seen)) is not None:
                    return sources
            elif output_name(below) == name:
                return self.at(inner, place, seen)
        return None


def _source(column: exp.Column, select: exp.Select) -> exp.Expr | None:
    """The part of the FROM clause that a column belongs to."""
    sources = list(_sources(select))
    if column.table:
        return next((source for source in sources if source.alias_or_name == column.table), None)
    return sources[0] if len(sources) == 1 else None


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    if (first := select.args.get("from_")) is not None:
        yield from _items(first.this)
    for join in select.args.get("joins") or ():
        yield from _items(join.this)


def _items(source: exp.Expr) -> Iterator[exp.Expr]:
    """A part of a FROM clause, or all parts of a join in brackets."""
    in_brackets = isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table) and not source.alias
    yield from _items(source.this) if in_brackets else (source,)
    for join in source.args.get("joins") or ():
        yield from _items(join.this)


def _query(source: exp.Expr | None) -> exp.Expr | None:
    if isinstance(source, exp.Table):
        cte = with_query(source)
        return cte.this if cte is not None and not cte.args["alias"].columns else None
    return source.this if isinstance(source, exp.Subquery) else None


def _renamed(source: exp.Expr) -> bool:
    alias = source.args.get("alias")
    return isinstance(alias, exp.TableAlias) and bool(alias.columns)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
