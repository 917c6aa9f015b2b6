"""The selects of a query with their sources, and the columns of tables that their values are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, output_name, relation_name, with_query
from order_audit.audit.analysis.relation_name import RelationName

#: Nodes whose value is not that of one row, or is a whole row.
_OPAQUE: Final = (
    exp.AggFunc, exp.Window, exp.Query, exp.Star, exp.Explode, exp.Unnest, exp.GenerateSeries, exp.Dot,
)  # fmt: skip
#: Nodes whose value is NULL if a part of it is.
_STRICT: Final = (
    exp.Column, exp.Paren, exp.Literal, exp.Cast, exp.DataType, exp.Identifier, exp.Lower, exp.Upper, exp.Neg, exp.Add,
    exp.Sub, exp.Mul, exp.Div, exp.Mod,
)  # fmt: skip
#: What a query in brackets may have besides the query; anything else, as a limit, decides on its rows.
_BRACKETS: Final = frozenset(("this", "alias", "joins", "order"))
#: Names of columns that do not stand in the query, but for those of functions.
_UNNAMED: Final = ("case", "coalesce", "greatest", "least", "array", "row", "exists", "bool", "overlay", "timezone")
#: Conditions that are met only if one of their parts is.
_POSITIVE: Final = (exp.And, exp.Or, exp.Paren, exp.Where)


class Underivable(Exception):  # noqa: N818 - a reason, which results give
    """Why it cannot be shown what the verdicts of a query depend on."""


@dataclass(frozen=True)
class Source:
    """A place in a query where a table stands."""

    number: int
    table: RelationName
    columns: frozenset[str]


@dataclass(frozen=True)
class Catalog:
    """What a query's names mean: the columns of tables (None if there is no such table), the names of aggregates."""

    columns_of: Callable[[RelationName], Collection[str] | None]
    aggregates: Collection[str] = ()


@dataclass(frozen=True)
class Traced:
    """A value made of columns of tables, each qualified with its source's number, and the selects that it came through.

    `value` is None if it is computed from several rows, or unknown. An `optional` one is NULL where an outer join finds
    no row.
    """

    value: exp.Expr | None
    through: tuple[Scope, ...] = ()
    optional: bool = False


#: A part of FROM by its name: a table, a select with the names of its columns, or anything else.
_Member: TypeAlias = "Source | tuple[Scope, tuple[str, ...]] | None"


@dataclass(frozen=True)
class Equality:
    """Two values that are equal in each row that counts; it restricts the sources `may_restrict`."""

    left: Traced
    right: Traced
    may_restrict: frozenset[int]


@dataclass(eq=False)
class Scope:
    """A select: the parts of its FROM by name, the selects below it, and what surrounds it.

    Outer joins may have no row of the parts `optional`. A LATERAL one sees only some parts of its `outer` one's FROM.
    """

    select: exp.Select
    outer: Scope | None
    catalog: Catalog
    members: dict[str, _Member] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    sees: frozenset[str] | None = None
    own: list[Source] = field(default_factory=list)
    below: list[Scope] = field(default_factory=list)
    equalities: list[Equality] = field(default_factory=list)
    repeats: bool = False

    def all(self) -> Iterator[Scope]:
        """Yield the selects below, and then this one."""
        for scope in self.below:
            yield from scope.all()
        yield self

    def numbers(self) -> frozenset[int]:
        """Return the sources of this select and of those below."""
        return frozenset(source.number for scope in self.all() for source in scope.own)

    def output(self, wanted: str | int) -> Traced:
        """Trace a column of the result, by its name or place."""
        if isinstance(wanted, int):
            items = self.select.expressions
            if any(item.is_star for item in items) or wanted >= len(items):
                return Traced(None)
            return self._crossed(self.traced(items[wanted].unalias()))
        found: list[Traced] = []
        for item in self.select.expressions:
            if item.is_star:
                of = folded_name(item.args["table"]) if isinstance(item, exp.Column) and item.table else None
                found += [
                    traced
                    for name in self.members
                    if of in (None, name) and (traced := self._member(name, wanted)) is not None
                ]
            elif output_name(item) == wanted:
                found.append(self.traced(item.unalias()))
        return self._crossed(found[0]) if len(found) == 1 else Traced(None)

    def _crossed(self, traced: Traced) -> Traced:
        return replace(traced, through=(self, *traced.through))

    def traced(self, expression: exp.Expr) -> Traced:
        """Trace an expression of this select."""
        if self._is_opaque(expression):
            return Traced(None)
        through: dict[Scope, None] = {}
        optional = False
        whole = expression.copy()
        columns = list(expression.find_all(exp.Column))
        for column, copied in zip(columns, list(whole.find_all(exp.Column)), strict=True):
            traced = self._column(column)
            if traced.value is None:
                return Traced(None)
            through.update(dict.fromkeys(traced.through))
            optional |= traced.optional
            inner = traced.value.copy()
            inner = inner if isinstance(inner, exp.Column) or copied is whole else exp.paren(inner, copy=False)
            if copied is whole:
                whole = inner
            else:
                copied.replace(inner)
        if optional and not all(isinstance(node, _STRICT) for node in expression.walk()):
            return Traced(None)  # it may have a value where there is no row to compute it from
        return Traced(whole, tuple(through), optional)

    def _is_opaque(self, expression: exp.Expr) -> bool:
        return expression.find(*_OPAQUE) is not None or any(
            call.name.lower() in self.catalog.aggregates for call in expression.find_all(exp.Anonymous)
        )

    def _column(self, column: exp.Column) -> Traced:
        if not isinstance(column.this, exp.Identifier) or column.args.get("db"):
            return Traced(None)
        name = folded_name(column.this)
        qualifier = folded_name(column.args["table"]) if column.args.get("table") else None
        scope: Scope | None = self
        sees: frozenset[str] | None = None
        while scope is not None:
            members = {it: member for it, member in scope.members.items() if sees is None or it in sees}
            if qualifier is not None:
                if qualifier in members:
                    return scope._member(qualifier, name) or Traced(None)
            elif name in members:
                return Traced(None)  # a whole row
            else:
                found = [scope._member(member, name) for member in members]
                if any(it is not None for it in found) or None in members.values():
                    known = [it for it in found if it is not None]
                    return known[0] if len(known) == 1 and None not in members.values() else Traced(None)
            sees, scope = scope.sees, scope.outer
        return Traced(None)

    def _member(self, name: str, column: str) -> Traced | None:
        """Trace a column of a part of FROM; None if it has no such column."""
        traced = self._inside(name, column)
        return replace(traced, optional=True) if traced is not None and name in self.optional else traced

    def _inside(self, name: str, column: str) -> Traced | None:
        member = self.members[name]
        if member is None:
            return Traced(None)
        if isinstance(member, Source):
            if column not in member.columns:
                return None
            return Traced(exp.column(exp.to_identifier(column, quoted=True), table=str(member.number)))
        scope, names = member
        if column in names:
            return scope.output(names.index(column))
        if names and len(names) == len(scope.select.expressions) and not scope.select.is_star:
            return None
        if names:
            return Traced(None) if scope.has(column) else None
        return scope.output(column) if scope.has(column) else None

    def has(self, column: str) -> bool:
        """Whether the result has a column of this name, or may have one: the server names those without an alias."""
        for item in self.select.expressions:
            if item.is_star:
                of = folded_name(item.args["table"]) if isinstance(item, exp.Column) and item.table else None
                if any(of in (None, name) and self._member(name, column) is not None for name in self.members):
                    return True
            elif output_name(item) == column or (
                not isinstance(item, exp.Alias | exp.Column) and column in _words(item)
            ):
                return True
        return False

    def groups(self, value: exp.Expr) -> list[list[exp.Expr]]:
        """Return the values that rows share with which a row is computed, if `value` does not decide it alone.

        Raises Underivable if a condition on the output `value` cannot be applied to the rows below.
        """
        select = self.select
        offset = select.args.get("offset")
        if select.args.get("limit") or select.args.get("fetch") or (offset and offset.expression.this != "0"):
            raise Underivable("it has a limit")
        shared: list[list[exp.Expr]] = []
        grouped = select.args.get("group")
        if grouped is not None:
            if any(part for name, part in grouped.args.items() if name != "expressions"):
                raise Underivable("it has grouping sets")
            if value not in [self._grouped(part).value for part in grouped.expressions]:
                raise Underivable("its key is not one of the columns that it groups by")
        elif select.args.get("having") or any(self._aggregates()):
            raise Underivable("it is computed over all rows")
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            on = distinct.args["on"]
            on = on.expressions if isinstance(on, exp.Tuple) else [on]
            shared.append(self._parts([self._result_column(part) for part in on]))
        shared += [self._parts(window) for window in self._windows()]
        shared = [parts for parts in shared if value not in parts]
        if grouped is not None and shared:
            raise Underivable("it has a window over groups")
        return shared

    def _grouped(self, part: exp.Expr) -> Traced:
        if isinstance(part, exp.Literal) and not part.is_string:
            return self.traced(self.select.expressions[int(part.this) - 1].unalias())
        traced = self.traced(part)
        if traced.value is None and isinstance(part, exp.Column) and not part.table:
            # the name of a result column
            return next(
                (
                    self.traced(it.unalias())
                    for it in self.select.expressions
                    if output_name(it) == folded_name(part.this)
                ),
                traced,
            )
        return traced

    def _result_column(self, part: exp.Expr) -> exp.Expr:
        """Return what a name in DISTINCT ON stands for: rather a column of the result than one of a table."""
        if not isinstance(part, exp.Column) or part.table:
            return part
        items = [it for it in self.select.expressions if output_name(it) == folded_name(part.this)]
        return items[0].unalias() if items else part

    def _parts(self, parts: Collection[exp.Expr]) -> list[exp.Expr]:
        values = [self.traced(part.this if isinstance(part, exp.Ordered) else part).value for part in parts]
        if not all(value is not None and value.find(exp.Column) for value in values):
            raise Underivable("it has a window, or distinct on, by a computed value")
        return [value for value in values if value is not None]

    def _aggregates(self) -> Iterator[exp.Expr]:
        """Yield the aggregates of this select that are no window functions."""
        for node in _level(self.select):
            is_aggregate = isinstance(node, exp.AggFunc) or (
                isinstance(node, exp.Anonymous) and node.name.lower() in self.catalog.aggregates
            )
            if is_aggregate and node.find_ancestor(exp.Window, exp.Select) is self.select:
                yield node

    def _windows(self) -> Iterator[list[exp.Expr]]:
        """Yield the expressions by which each window function's rows are partitioned."""
        named = {folded_name(it.this): it for it in self.select.args.get("windows") or ()}
        for window in _level(self.select):
            if isinstance(window, exp.Window) and window.parent is not self.select:
                of: exp.Expr | None = window
                while of is not None and not of.args.get("partition_by"):
                    base = of.args.get("alias")
                    of = named.get(folded_name(base)) if isinstance(base, exp.Identifier) else None
                yield of.args["partition_by"] if of is not None else []


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
        for node in _level(select):
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


def _words(item: exp.Expr) -> frozenset[str]:
    """Return the names that the server may give a column of a result that has no name."""
    return frozenset((*re.findall(r"\w+", item.sql(dialect="postgres").lower()), *_UNNAMED))


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


def _level(select: exp.Select) -> Iterator[exp.Expr]:
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
