"""Read the FROM clauses and subqueries of a query into scopes, with the equalities that hold in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, relation_name, with_query
from order_audit.audit.analysis.query_scope import Catalog, Equality, Scope, Source, Underivable
from order_audit.audit.analysis.query_walk import level

#: What a query in brackets may have besides the query; anything else, as a limit, decides on its rows.
_BRACKETS: Final = frozenset(("this", "alias", "joins", "order"))
#: Conditions that are met only if one of their parts is.
_POSITIVE: Final = (exp.And, exp.Or, exp.Paren, exp.Where)


def scope_of(select: exp.Select, catalog: Catalog, sources: list[Source]) -> Scope:
    """Return the scope of a query's select with all selects in it; `sources` receives the tables in it.

    Raises Underivable.
    """
    builder = _Builder(catalog, sources)
    scope = builder.scope(select, None, ())
    for table in select.find_all(exp.Table):
        if id(table) not in builder.seen and isinstance(table.this, exp.Identifier):
            raise Underivable(f"it reads {folded_name(table.this)} in a place that the analysis does not know")
    return scope


class _Builder:
    def __init__(self, catalog: Catalog, sources: list[Source]) -> None:
        self._catalog = catalog
        self._sources = sources
        self.seen: set[int] = set()

    def scope(
        self, select: exp.Select, outer: Scope | None, withs: tuple[int, ...], sees: frozenset[str] | None = None
    ) -> Scope:
        """Return a select's scope; `withs` are the WITH queries that it is a part of."""
        scope = Scope(select, outer, self._catalog, sees=sees)
        named: set[int] = set()
        conditions: list[tuple[exp.Expr, frozenset[int] | None]] = []
        if (first := select.args.get("from_")) is not None:
            self._join(first.this, None, scope, withs, named, conditions)
        for join in (*(select.args.get("laterals") or ()), *(select.args.get("joins") or ())):
            if isinstance(join, exp.Lateral):
                self._member(join, scope, withs, named)
            else:
                self._join(join.this, join, scope, withs, named, conditions)
        if (where := select.args.get("where")) is not None:
            conditions.append((where.this, None))
        inputs = scope.numbers()
        for node in level(select):
            if isinstance(node, exp.Query) and id(node) not in named:
                self._subquery(node, scope, withs)
        for condition, may_restrict in conditions:
            for equality in _conjuncts(condition):
                left, right = scope.traced(equality.this), scope.traced(equality.expression)
                limit = inputs if may_restrict is None else may_restrict & inputs
                scope.equalities.append(Equality(left, right, limit))
        return scope

    def _join(
        self,
        item: exp.Expr,
        join: exp.Join | None,
        scope: Scope,
        withs: tuple[int, ...],
        named: set[int],
        conditions: list[tuple[exp.Expr, frozenset[int] | None]],
    ) -> None:
        """Add a part of FROM, and the conditions under which it is joined."""
        if join is not None and (join.side in ("RIGHT", "FULL") or join.method or join.args.get("using")):
            raise Underivable("it has a right, full or natural join, or one with using")
        before, names = scope.numbers(), set(scope.members)
        in_brackets = isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table) and not item.alias
        if in_brackets:
            named.add(id(item))
            self._join(item.this, None, scope, withs, named, conditions)
        else:
            self._member(item, scope, withs, named)
        for below in item.args.get("joins") or ():
            self._join(below.this, below, scope, withs, named, conditions)
        if join is not None and join.side == "LEFT":
            scope.optional |= set(scope.members) - names
        if join is not None and (on := join.args.get("on")) is not None:
            conditions.append((on, scope.numbers() - before if join.side == "LEFT" else None))

    def _member(self, item: exp.Expr, scope: Scope, withs: tuple[int, ...], named: set[int]) -> None:
        self.seen.add(id(item))
        alias = item.args.get("alias")
        columns = tuple(folded_name(it) for it in alias.columns) if isinstance(alias, exp.TableAlias) else ()
        name = _name(item)
        if name in scope.members:
            raise Underivable("two of its tables have one name")
        cte = with_query(item) if isinstance(item, exp.Table) else None
        if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier) and cte is None:
            if any(value for part, value in item.args.items() if part not in ("this", "db", "alias", "joins")):
                raise Underivable("it reads a sample of a table")
            if item.args.get("db"):
                raise Underivable("it names the schema of a table")
            table = relation_name(item)
            found = self._catalog.columns_of(table)
            if found is None or columns:
                raise Underivable("it reads a table that has other names of columns here")
            source = Source(len(self._sources), table, frozenset(found))
            self._sources.append(source)
            scope.own.append(source)
            scope.members[name] = source
            return
        if cte is not None:
            if id(cte) in withs:
                scope.members[name] = None  # its own rows
                return
            columns = columns or tuple(folded_name(it) for it in cte.args["alias"].columns)
            query, outer, withs = cte.this, _around(cte, scope), (*withs, id(cte))
        else:
            inner = item.this if isinstance(item, exp.Lateral) else item
            query = unwrapped(inner)
            # but for LATERAL, and functions, which are it by themselves, it knows nothing of its neighbours
            is_lateral = isinstance(item, exp.Lateral) or not isinstance(query, exp.Query | exp.Values)
            outer = scope if is_lateral else scope.outer
            named |= {id(inner), id(query)}
        if isinstance(query, exp.Select):
            below = self.scope(query, outer, withs, frozenset(scope.members) if outer is scope else None)
            below.named = folded_name(cte.args["alias"].this) if cte is not None else ""
            scope.below.append(below)
            scope.members[name] = (below, columns)
            return
        scope.members[name] = None
        for select in query.find_all(exp.Select):
            if not any(isinstance(it, exp.Select) for it in _between(select, query)):
                sees = frozenset(scope.members) - {name} if outer is scope else None
                scope.below.append(self.scope(select, outer, withs, sees))

    def _subquery(self, query: exp.Query, scope: Scope, withs: tuple[int, ...]) -> None:
        """Add a subquery in an expression."""
        inside = unwrapped(query)
        if isinstance(inside, exp.SetOperation):
            self._subquery(inside.left, scope, withs)
            self._subquery(inside.right, scope, withs)
            return
        if not isinstance(inside, exp.Select):
            return
        below = self.scope(inside, scope, withs)
        scope.below.append(below)
        query = inside
        around = query.parent.parent if isinstance(query.parent, exp.Subquery) else query.parent
        if isinstance(around, exp.In) and _is_positive(around, scope.select):
            tested = scope.traced(around.this)
            scope.equalities.append(Equality(tested, below.output(0), below.numbers()))
        simple = isinstance(around, exp.In | exp.Exists) and _is_conjunct(around, scope.select)
        if not simple and below.numbers():
            scope.repeats = True


def unwrapped(query: exp.Expr) -> exp.Expr:
    """Return a query without brackets around it. Raises Underivable if these have a limit."""
    while isinstance(query, exp.Subquery):
        if any(value for part, value in query.args.items() if part not in _BRACKETS):
            raise Underivable("it has a limit")
        query = query.this
    return query


def _name(item: exp.Expr) -> str:
    alias = item.args.get("alias")
    identifier = alias.this if isinstance(alias, exp.TableAlias) else alias
    if isinstance(identifier, exp.Identifier):
        return folded_name(identifier)
    if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
        return folded_name(item.this)
    return item.alias_or_name.lower()


def _around(cte: exp.CTE, scope: Scope) -> Scope | None:
    """Return the select that surrounds the one with a WITH query."""
    above = cte.parent.parent.parent if cte.parent is not None and cte.parent.parent is not None else None
    known: dict[int, Scope] = {}
    one: Scope | None = scope
    while one is not None:
        known[id(one.select)] = one
        one = one.outer
    while above is not None:
        if id(above) in known:
            return known[id(above)]
        above = above.parent
    return None


def _between(node: exp.Expr, root: exp.Expr) -> Iterator[exp.Expr]:
    above = node.parent
    while node is not root and above is not None and above is not root:
        yield above
        above = above.parent


def _conjuncts(condition: exp.Expr) -> Iterator[exp.EQ]:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.this)
        yield from _conjuncts(condition.expression)
    elif isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.EQ):
        yield condition


def _is_positive(node: exp.Expr, select: exp.Select) -> bool:
    """Whether a condition can only help to meet the WHERE clause."""
    above = node.parent
    while isinstance(above, _POSITIVE):
        if isinstance(above, exp.Where):
            return above.parent is select
        above = above.parent
    return False


def _is_conjunct(node: exp.Expr, select: exp.Select) -> bool:
    """Whether a condition, or its contrary, must be met by each row."""
    above = node.parent
    while isinstance(above, exp.And | exp.Paren | exp.Not | exp.Where):
        if isinstance(above, exp.Where):
            return above.parent is select
        above = above.parent
    return False
