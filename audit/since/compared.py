"""The values of tables that rules compare, as their queries say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit.analysis.dependence import ROW, Dependence, Edge, Link
from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.counting import COUNTS, Counting
from order_audit.audit.since.derive import Deriver
from order_audit.audit.since.pairs import PairQuery, pair_query
from order_audit.audit.since.state_file import ID
from order_audit.audit.since.tables import Table, tables_of
from order_audit.audit.since.values import Value, fits

#: Whether JSON has a text of a type's values that the server reads back.
_PLAIN: Final = "select t.typcategory not in ('A', 'C', 'P') from pg_type as t where t.oid = %s"
#: The share of a table's rows in which a column has values of its own; the planner's statistics have it if it is large.
_DIFFERENT: Final = """
select s.attname::text, max(-s.n_distinct)::float8
from pg_stats as s
where s.schemaname = %s and s.tablename = %s and s.n_distinct < 0
group by s.attname
"""
#: Such a share that a group of rows with an equal value has few more than one with several equal values.
_MOST: Final = 0.5
#: A hash of which different values have different ones, but for very few.
_HASH: Final = re.compile(r"HASH\w*EXTENDED\(", re.IGNORECASE)


class Compared:
    """What rules depend on, and the values that it takes to find that out.

    `tables` are those whose changes can be found. `rules` has the dependence by rule, `underived` has why others have
    none. `values` has by table the numbers of values by the names of their arrays; `names` gives the array of a link.
    `pairs` has the queries of numbers by those of the pairs that edges name, each with the table of its rows.
    """

    counting: Counting

    def __init__(self, connection: psycopg.Connection, rules: Iterable[PreparedRule]) -> None:
        self._connection = connection
        self.rules: dict[str, Dependence] = {}
        self.underived: dict[str, str] = {}
        self.values: dict[RelationName, dict[str, Value]] = {}
        self.names: dict[Link, str] = {}
        self.pairs: dict[str, tuple[PairQuery, Table]] = {}
        self.tables: dict[RelationName, Table] = {}
        self._known: dict[Link, Value | str] = {}
        self._derive(list(rules))

    def _derive(self, rules: list[PreparedRule]) -> None:
        names = {name for prepared in rules for name in prepared.query.relations}
        relations = catalog.relations(self._connection, names)
        self.tables, unfit = tables_of(self._connection, relations.items())
        deriver = Deriver(self._connection, rules, relations)
        derived: list[tuple[PreparedRule, Dependence]] = []
        for prepared in rules:
            try:
                for name in prepared.query.relations:
                    if name in unfit:
                        raise Underivable(unfit[name])
                derived.append((prepared, deriver(prepared)))
            except Underivable as why:
                self.underived[prepared.rule.id] = str(why)
        alone = {link for _, one in derived for link in _links(one) if len(link.parts) == 1}
        taken: list[tuple[PreparedRule, Dependence]] = []
        for prepared, one in derived:
            try:
                type_ = prepared.columns[prepared.key[0]].type
                taken.append((prepared, self._take_links(one, type_, alone, several=len(prepared.key) > 1)))
            except Underivable as why:
                self.underived[prepared.rule.id] = str(why)
        self.counting = Counting(self._connection, self.tables, taken)
        for name, bits in self.counting.values.items():
            self.values.setdefault(name, {})[COUNTS] = bits
        self.rules = {it.rule.id: self.counting.counted(it, one, self.tables) for it, one in taken}

    def _take_links(self, derived: Dependence, type_: int, alone: Collection[Link], *, several: bool) -> Dependence:
        """Note the values that a dependence compares; return it with those that are compared. Raises Underivable.

        `alone` are the single values that some rule compares.
        """
        derived = replace(derived, edges=frozenset(self._chosen(edge, alone) for edge in derived.edges))
        taken = {link: self.value(link) for link in _links(derived)}
        if any(taken[edge.value].kind != taken[edge.same].kind for edge in derived.edges):
            raise Underivable("it compares values of different types")
        if several and not session.is_true(self._connection, _PLAIN, [type_]):
            raise Underivable("its key has several columns, of which the first is an array or a composite")
        if not all(fits(taken[link], type_) for _, link in derived.roots):
            raise Underivable("its key is of another type than the column that it comes from")
        pairs = {
            edge.pairs: (pair_query(self._connection, edge.pairs, taken[edge.same]), self.tables[edge.same.table])
            for edge in derived.edges
            if edge.pairs
        }
        self.pairs |= pairs
        for link, value in taken.items():
            table = self.tables[link.table]
            if value == table.id:
                self.names[link] = ID
            else:
                self.names[link] = " ".join(link.parts)
                self.values.setdefault(link.table, {})[self.names[link]] = value
        return replace(derived, edges=frozenset(replace(it, null=taken[it.value].null) for it in derived.edges))

    def value(self, link: Link) -> Value:
        """Return the number of a link's value. Raises Underivable."""
        if link not in self._known:
            try:
                self._known[link] = self.tables[link.table].value(self._connection, link)
            except Underivable as why:
                self._known[link] = str(why)
        known = self._known[link]
        if isinstance(known, str):
            raise Underivable(known)
        return known

    def _chosen(self, edge: Edge, alone: Collection[Link]) -> Edge:
        """Choose what to compare of the several values that rows of one group have in common: any of them suffices."""
        if edge.pairs:
            return edge
        if len(edge.same.parts) < 2:
            # of other types, equal values can be written in several ways
            is_text = edge.nulls and self.value(edge.same).is_text
            link = _computed(edge.same, alone) if is_text else edge.same
            return edge if link == edge.same else replace(edge, value=link, same=link)
        table = self.tables[edge.same.table]
        parts: dict[str, Value] = {}
        integers: list[str] = []
        for part in edge.same.parts:
            column = next((it for it in table.relation.columns if part == f"{ROW}.{quoted(it)}"), "")
            link = Link(edge.same.table, (part,), column)
            try:
                parts[part] = self.value(link)
            except Underivable:
                continue
            if column and parts[part].is_integer:
                if link in alone:  # kept anyway
                    return replace(edge, value=link, same=link)
                integers.append(part)
        if not parts:
            raise Underivable("it compares values that have no hash function")
        if kept := self._kept_hash(edge.same, parts, alone):
            return replace(edge, value=kept, same=kept)
        # whole numbers cost little; texts and documents would have to be read for each row
        chosen = integers if len(integers) > 1 else self._telling(table, parts)
        same = Link(edge.same.table, tuple(chosen))
        return replace(edge, value=same, same=same)

    def _kept_hash(self, several: Link, parts: Iterable[str], alone: Collection[Link]) -> Link | None:
        """Return a hash of all that the other values are computed from, if it is kept anyway."""
        table = self.tables[several.table]
        columns = {part: _columns(table, part) for part in parts}
        for part in sorted(columns):
            link = Link(several.table, (part,))
            if _HASH.match(part) and link in alone and columns[part] == frozenset().union(*columns.values()):
                return link
        return None

    def _telling(self, table: Table, parts: Collection[str]) -> Collection[str]:
        """Return the part that is another in most rows, if statistics know one; else all of them."""
        shares: dict[str, float] = dict(
            self._connection.execute(_DIFFERENT, [table.relation.schema, table.relation.name]).fetchall()
        )
        told: dict[str, float] = {}
        for part in parts:
            columns = set(_columns(table, part))
            if len(columns) == 1:
                told[part] = shares.get(columns.pop(), 0.0)
        best = max(told, key=lambda part: (told[part], part), default="")
        return [best] if best and told[best] >= _MOST else parts


def _columns(table: Table, part: str) -> frozenset[str]:
    """Return the columns that a value is computed from."""
    return frozenset(it for it in table.relation.columns if f"{ROW}.{quoted(it)}" in part)


def _computed(link: Link, alone: Collection[Link]) -> Link:
    """Return another value that is computed from this one alone: rows that have this in common have that in common."""
    own = re.compile(rf"(?<=[(,]) *{re.escape(link.parts[0])}(?=[),])")
    for other in sorted(alone, key=lambda it: it.parts):
        if other.table == link.table and own.search(other.parts[0]) and f"{ROW}." not in own.sub("", other.parts[0]):
            return _computed(other, alone)
    return link


def _links(derived: Dependence) -> Iterator[Link]:
    """Yield the values that a dependence compares."""
    for _, link in derived.roots:
        yield link
    for edge in derived.edges:
        yield edge.value
        yield edge.same
