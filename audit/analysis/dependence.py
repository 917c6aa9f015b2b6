"""Which rows the verdict of a rule on a row depends on, derived from the rule's query.

A *source* is a place in the query where a table stands. The verdicts on the judged rows (`roots`) depend on the rows
that `edges` lead to: from a row of one source to the rows of another with an equal value. Of all other rows, the
verdict is the same without them. A query for which that cannot be shown raises `Underivable`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from sqlglot import exp

from order_audit.audit.analysis.column_lineage import folded_name, output_name
from order_audit.audit.analysis.pairing import pair_query
from order_audit.audit.analysis.query_scope import (
    Catalog,
    Equality,
    Pairing,
    Scope,
    Source,
    Traced,
    Underivable,
)
from order_audit.audit.analysis.query_sources import scope_of, unwrapped
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.total import is_total
from order_audit.audit.analysis.written import rewritten, written

#: The name of a table's row in the text of a link.
ROW: Final = "t"


@dataclass(frozen=True)
class Link:
    """A value of a table's row, as SQL over the row `ROW`; several parts are compared together.

    `column` is its name if it is an unchanged column.
    """

    table: RelationName
    parts: tuple[str, ...]
    column: str = ""


@dataclass(frozen=True)
class Edge:
    """From rows of a source to the rows of another (or the same) with an equal value; NULL equals NULL if `nulls`.

    With `pairs`, a query of two columns, the value need not be equal: both stand beside an equal second column. `null`
    is the number that stands for NULL.
    """

    source: int
    value: Link
    target: int
    same: Link
    nulls: bool = False
    pairs: str = ""
    null: int = 0


@dataclass(frozen=True)
class Dependence:
    """The tables of the sources by number, the judged sources with the value that is the first column of the key.

    `repeats` says that the query has a subquery that may run once for each row. `counts` has by table the bit of the
    rows without which the verdicts are the same.
    """

    tables: tuple[RelationName, ...]
    roots: tuple[tuple[int, Link], ...]
    edges: frozenset[Edge]
    repeats: bool = False
    counts: tuple[tuple[RelationName, int], ...] = ()


def dependence(tree: exp.Query, key: str, catalog: Catalog) -> Dependence:
    """Derive the dependence of a query whose violations are named by its column `key`. Raises Underivable."""
    branches = _branches(tree)
    names = [output_name(item) for item in branches[0].expressions]
    place: str | int = key
    if len(branches) > 1:
        if names.count(key) != 1 or any(item.is_star for item in branches[0].expressions):
            raise Underivable("its key is no column of a table")
        place = names.index(key)
    analysis = _Analysis(catalog, tree)
    for branch in branches:
        analysis.add(branch, place)
    return analysis.result()


def _branches(tree: exp.Expr) -> list[exp.Select]:
    """Return the selects of which a query is the union."""
    if isinstance(tree, exp.Subquery):
        return _branches(unwrapped(tree))
    if isinstance(tree, exp.SetOperation):
        if any(tree.args.get(part) for part in ("limit", "offset", "fetch", "with_")):
            raise Underivable("its set operation has a limit or a with list")
        return [*_branches(tree.left), *_branches(tree.right)]
    if not isinstance(tree, exp.Select):
        raise Underivable("it is no select")
    return [tree]


class _Analysis:
    """Binds the sources of a query's selects, from the judged ones on."""

    def __init__(self, catalog: Catalog, tree: exp.Query) -> None:
        self._catalog = catalog
        self._tree = tree
        self._paired: dict[int, tuple[Link, str]] = {}
        self._sources: list[Source] = []
        self._bound: dict[int, int | None] = {}
        self._roots: list[tuple[int, Link]] = []
        self._edges: set[Edge] = set()
        self._closed: list[tuple[Scope, int]] = []
        self._why = ""
        self._repeats = False

    def add(self, select: exp.Select, key: str | int) -> None:
        """Add a select with its subqueries, and bind all of its sources."""
        scope = scope_of(select, self._catalog, self._sources)
        scopes = list(scope.all())
        self._repeats |= any(one.repeats for one in scopes)
        traced = scope.output(key)
        root = self._single(traced.value)
        if root is None or not isinstance(traced.value, exp.Column):
            raise Underivable("its key is no column of a table")
        self._push(traced, root)
        self._bound[root] = None
        self._roots.append((root, self._link([traced.value], root)))
        while any(self._tie(equality) for one in scopes for equality in one.equalities):
            pass
        for one in scopes:
            for source in one.own:
                if source.number not in self._bound:
                    raise Underivable(self._why or f"no equality connects the rows of {source.table} with a judged row")
        for one, entry in self._closed:
            self._check_closed(one, entry)

    def result(self) -> Dependence:
        """Return what was derived."""
        return Dependence(
            tuple(source.table for source in self._sources),
            tuple(self._roots),
            frozenset(map(self._narrowed, self._edges)),
            self._repeats,
        )

    def _narrowed(self, edge: Edge) -> Edge:
        """Of the rows of a WITH query's table, only those count from which it has rows: those of its pairs."""
        link, pairs = self._paired.get(edge.target, (None, ""))
        return replace(edge, pairs=pairs) if edge.same == link and edge.value == link else edge

    def _pair(self, pairing: Pairing, value: exp.Expr, entry: int) -> None:
        """Note that the rows of a source depend on those with which they share a value of a WITH query's column."""
        link = self._link([value], entry)
        query = pair_query(self._tree, pairing, value, entry)
        if self._paired.setdefault(entry, (link, query)) != (link, query):
            raise Underivable("it has several windows by computed values")
        self._edges.add(Edge(entry, link, entry, link, pairs=query))

    def _tie(self, equality: Equality) -> bool:
        """Bind a source that an equality connects with a bound one; return whether there was one."""
        for new, known in ((equality.left, equality.right), (equality.right, equality.left)):
            target, source = self._single(new.value), self._single(known.value)
            if target is None or source is None or new.value is None or known.value is None:
                return False
            if target in self._bound or source not in self._bound or target not in equality.may_restrict:
                continue
            try:
                value, same = self._link([known.value], source), self._link([new.value], target)
                self._push(new, target)
            except Underivable as why:
                self._why = str(why)
                continue
            self._bound[target] = source
            self._edges.add(Edge(source, value, target, same))
            return True
        return False

    def _push(self, condition: Traced, entry: int) -> None:
        """Let a condition on an output column of selects restrict their source `entry`.

        A condition on a value that all rows of a group or window share leaves whole groups. Otherwise the rows of the
        same group or window are needed, too.
        """
        assert condition.value is not None  # noqa: S101 - the callers have looked
        shared = [(scope, parts) for scope in condition.through for parts in scope.groups(condition.value)]
        if any(not parts or any(self._single(part) != entry for part in parts) for _, parts in shared):
            raise Underivable("a window, or distinct on, reads other rows than those of the judged row's group")
        for _, parts in shared:
            same = self._link(parts, entry)
            self._edges.add(Edge(entry, same, entry, same, nulls=True))
        for pairing in (it for scope in condition.through for it in scope.pairings()):
            self._pair(pairing, condition.value, entry)
        # its groups and windows are whole only if its other sources are chosen by its own conditions
        self._closed += [(scope, entry) for scope in condition.through]

    def _check_closed(self, scope: Scope, entry: int) -> None:
        """Raise Underivable if other sources of a select are bound from outside of it, and not over `entry`."""
        inside = {source.number for one in scope.all() for source in one.own}
        for number in inside - {entry}:
            if self._bound[number] not in inside:
                raise Underivable("one of its subqueries reads rows that conditions outside of it choose")

    def _single(self, value: exp.Expr | None) -> int | None:
        """Return the one source whose columns a value is made of."""
        if value is None:
            return None
        sources = {column.table for column in value.find_all(exp.Column)}
        return int(sources.pop()) if len(sources) == 1 else None

    def _link(self, values: Collection[exp.Expr], source: int) -> Link:
        for value in values:
            if not is_total(value):
                raise Underivable("it compares a value whose computation can fail on other rows")
        table = self._sources[source].table
        first = next(iter(values))
        parts = tuple(dict.fromkeys(_text(value) for value in values))
        column = folded_name(first.this) if len(parts) == 1 and isinstance(first, exp.Column) else ""
        return Link(table, parts, column)


def _text(value: exp.Expr) -> str:
    """Return a value as SQL over the row `ROW`."""

    def renamed(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column):
            return exp.column(exp.to_identifier(folded_name(node.this), quoted=True), table=ROW)
        return node

    return written(rewritten(value, renamed))
