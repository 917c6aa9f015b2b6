"""The selects of a query with their sources, and the columns of tables that their values are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, output_name
from order_audit.audit.analysis.query_walk import words_of
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.windows import aggregates, windows

#: Nodes whose value is not that of one row, or is a whole row.
_OPAQUE: Final = (
    exp.AggFunc, exp.Window, exp.Query, exp.Star, exp.Explode, exp.Unnest, exp.GenerateSeries, exp.Dot,
)  # fmt: skip
#: Nodes whose value is NULL if a part of it is.
_STRICT: Final = (
    exp.Column, exp.Paren, exp.Literal, exp.Cast, exp.DataType, exp.Identifier, exp.Lower, exp.Upper, exp.Neg, exp.Add,
    exp.Sub, exp.Mul, exp.Div, exp.Mod,
)  # fmt: skip


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


@dataclass(frozen=True)
class Pairing:
    """A column of a WITH query by which a window partitions its rows, and which is computed from one row at a time."""

    query: Scope
    column: str


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
    `named` is the name of a WITH query.
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
    named: str = ""

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
                not isinstance(item, exp.Alias | exp.Column) and column in words_of(item)
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
        elif select.args.get("having") or any(aggregates(select, self.catalog.aggregates)):
            raise Underivable("it is computed over all rows")
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            on = distinct.args["on"]
            on = on.expressions if isinstance(on, exp.Tuple) else [on]
            shared.append(self._parts([self._result_column(part) for part in on]))
        shared += [self._parts(parts) for parts in windows(select) if self._pairing(parts) is None]
        shared = [parts for parts in shared if value not in parts]
        if grouped is not None and (shared or any(self.pairings())):
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

    def pairings(self) -> Iterator[Pairing]:
        """Yield the columns of WITH queries by which windows partition, of which `groups` says nothing."""
        for parts in windows(self.select):
            if (pairing := self._pairing(parts)) is not None:
                yield pairing

    def _pairing(self, parts: list[exp.Expr]) -> Pairing | None:
        part = parts[0] if len(parts) == 1 else None
        # a collation that is written out, so that it is known which texts are equal
        column = part.this if isinstance(part, exp.Collate) else None
        if not isinstance(column, exp.Column) or not column.args.get("table") or self.traced(column).value is not None:
            return None
        member = self.members.get(folded_name(column.args["table"]))
        if not isinstance(member, tuple) or member[1] or not member[0].named:
            return None
        return Pairing(member[0], folded_name(column.this))
