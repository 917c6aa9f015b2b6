"""The impact of violations, as defined by installed domains, computed by the statement that judges the rule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import psycopg

from order_audit.audit.analysis.filters import ReadSet
from order_audit.audit.analysis.kept_read_sets import read_sets_of
from order_audit.audit.analysis.own_columns import own_columns
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.domain import Impact, Related

#: The place before an aggregate in a domain's SQL.
_AGGREGATE: Final = re.compile(r"(?<![\w.])(?=(?:count|sum|min|max|avg)\()")


@dataclass(frozen=True)
class RelatedRows:
    """The rows of a related table that an impact adds up."""

    number: int
    related: Related
    relation: Relation

    @property
    def name(self) -> str:
        """The name of the `with` query that adds them up, quoted."""
        return quoted(f"related rows {self.number} of {self.relation.oid}")

    @property
    def read_set(self) -> ReadSet:
        """Which rows and columns of the related table are read."""
        return read_set(self.related)

    def sql(self, source: str, keys: Sequence[str]) -> str:
        """Return the `with` query: the sums per key, for the keys that queries give; `source` stands for the table."""
        return f"""{self.name} as materialized (
  {_exact(_sums(self.related))}
  from {source} as r
  where {self.related.where}
    and r.{quoted(self.related.by)} operator(pg_catalog.=) any (
      {" union all ".join(keys)}
    )
  group by r.{quoted(self.related.by)}
)"""


@dataclass(frozen=True)
class Impacts:
    """The impacts of the installed domains that can be added up in one database.

    `tables` are the related tables that exist and that this role may read, by schema and name.
    """

    defined: tuple[Impact, ...] = ()
    tables: Mapping[tuple[str, str], Relation] | None = None

    def __bool__(self) -> bool:
        return bool(self.defined)

    def of(self, prepared: PreparedRule) -> Impact | None:
        """Return the impact of a rule's violations; None where no domain knows it."""
        table = prepared.table
        if table is None:
            return None
        for impact in self.defined:
            if impact.table == table.name and (
                self._related(impact, prepared) if impact.related else table.readable >= {impact.key, *impact.columns}
            ):
                return impact
        return None

    def related(self, prepared: PreparedRule) -> RelatedRows | None:
        """Return the rows of another table that the impact of a rule adds up."""
        impact = self.of(prepared)
        return self._related(impact, prepared) if impact else None

    def _related(self, impact: Impact, prepared: PreparedRule) -> RelatedRows | None:
        if impact.related is None or prepared.table is None or prepared.rule.key != (impact.key,):
            return None
        relation = (self.tables or {}).get((prepared.table.schema, impact.related.table))
        return RelatedRows(self.defined.index(impact), impact.related, relation) if relation else None


NO_IMPACTS = Impacts()


def find_impacts(
    connection: psycopg.Connection, defined: Iterable[Impact], prepared_rules: Iterable[PreparedRule]
) -> Impacts:
    """Look up the tables that impacts of these rules add up."""
    defined = tuple(defined)
    judged = {(prepared.table.schema, prepared.table.name) for prepared in prepared_rules if prepared.table is not None}
    wanted = {
        (schema, impact.related.table): impact.related
        for schema, table in judged
        for impact in defined
        if impact.related and impact.table == table
    }
    relations = catalog.relations(connection, [RelationName(*name) for name in wanted]).values()
    by_name = {(relation.schema, relation.name): relation for relation in relations}
    return Impacts(
        defined,
        {
            name: by_name[name]
            for name, related in wanted.items()
            if name in by_name and by_name[name].readable >= related.columns
        },
    )


def read_set(related: Related) -> ReadSet:
    """Return which rows and columns of its table an impact's related rows are."""
    columns = ", ".join(f"r.{quoted(column)}" for column in sorted(related.columns))
    table = quoted(related.table)
    return read_sets_of(f"select {columns} from {table} as r where {related.where}")[related.table]


def impact_sql(prepared: PreparedRule, values: Sequence[str], hits: str, flag: str, impacts: Impacts) -> str | None:
    """Return a query of a rule's impact over the hits with `flag`; None without an impact.

    It gives one JSON array, a number per measure. `values` are the rule's columns as the table `hits`, called h, has
    them. Hits of one key count once, pairs by their first row. Related rows are read from their `with` query.
    """
    impact = impacts.of(prepared)
    if impact is None:
        return None
    if related := impacts.related(prepared):
        columns = [f"l.{quoted(name)}" for name in related.related.sums]
        join = f"\n    left join {related.name} as l on l.key operator(pg_catalog.=) {values[prepared.key[0]]}"
    else:
        columns, join = _columns(impact, prepared, values)
    measures = ", ".join(_exact(measure.sql) for measure in impact.measures)
    # a pair of rows has two keys in one, of which the impact counts the first
    named = _own(prepared).get(impact.key)
    row = "h.place" if named is None or len(prepared.key) == 1 else f"({values[named]})::text"
    return f"""select pg_catalog.json_build_array({measures})::text
  from (
    select distinct on ({row}) {", ".join(columns) or "1"}
    from {hits} as h{join}
    where {flag}
    order by {row} nulls first
  ) as x"""


def _exact(text: str) -> str:
    """Return SQL of a domain whose aggregates are those of pg_catalog, whatever the search path has besides."""
    return _AGGREGATE.sub("pg_catalog.", text)


def _columns(impact: Impact, prepared: PreparedRule, values: Sequence[str]) -> tuple[list[str], str]:
    """The impact's columns of the violating rows, and the join with the rule's table if the rule does not show them."""
    assert prepared.table is not None  # noqa: S101 - Impacts.of() says so
    row_of_key = prepared.query.rows.get(prepared.rule.key[0], -1)
    shown = {
        column.name: values[place]
        for place, column in enumerate(prepared.columns)
        if column.name == column.source and prepared.query.rows.get(column.name) == row_of_key
    }
    join = ""
    if not shown.keys() >= set(impact.columns):
        same = " and ".join(
            f"o.{quoted(source)} operator(pg_catalog.=) {values[place]}" for source, place in _own(prepared).items()
        )
        shown = {column: f"o.{quoted(column)}" for column in impact.columns}
        join = f"\n    left join {quoted(prepared.table)} as o on {same}"
    absent = _absent(impact, prepared)
    return [f"{'null' if name in absent else shown[name]} as {quoted(name)}" for name in impact.columns], join


def _own(prepared: PreparedRule) -> dict[str, int]:
    """The columns of the table by which the key names its row, with their positions in the result."""
    oid = prepared.table.oid if prepared.table else 0
    sources = {column.name: column.source or column.name for column in prepared.columns if column.relation == oid}
    own = own_columns(prepared.rule.key, prepared.query.rows, sources)
    keys = zip(prepared.rule.key, prepared.key, strict=True)
    return {sources[name]: place for name, place in keys if name in own}


def _absent(impact: Impact, prepared: PreparedRule) -> set[str]:
    causes = {(cause.rule, cause.object) for cause in prepared.rule.schema_causes if cause.allows}
    return {column for column, cause in impact.null_if.items() if cause in causes}


def reproduce_sql(prepared: PreparedRule, sql: str, impacts: Impacts) -> str:
    """Return a separate statement for the impact; `sql` is the query of the violations. Empty for another key."""
    impact = impacts.of(prepared)
    if impact is None or prepared.table is None or prepared.rule.key != (impact.key,):
        return ""
    measures = ",\n  ".join(f"{measure.sql} as {quoted(measure.name)}" for measure in impact.measures)
    key = quoted(impact.key)
    violating = f"select v.{key}\n  from (\n{sql}\n  ) as v"
    if related := impacts.related(prepared):
        return (
            f"select {measures}\nfrom (\n  {violating}\n) as v\nleft join (\n  {_sums(related.related)}\n"
            f"  from {quoted(related.relation)} as r\n  where {related.related.where}\n"
            f"  group by r.{quoted(related.related.by)}\n) as x on x.key = v.{key}"
        )
    absent = _absent(impact, prepared)
    columns = ", ".join(f"null as {quoted(name)}" if name in absent else f"o.{quoted(name)}" for name in impact.columns)
    return (
        f"select {measures}\nfrom (\n  select {columns or '1'}\n  from {quoted(prepared.table)} as o\n"
        f"  where o.{key} in (\n  {violating}\n  )\n) as x"
    )


def _sums(related: Related) -> str:
    sums = ", ".join(f"{sql} as {quoted(name)}" for name, sql in related.sums.items())
    return f"select r.{quoted(related.by)} as key, {sums}"


def parse_impact(text: str, impact: Impact) -> dict[str, int | float]:
    """Return the numbers of an impact query by the names of their measures; NaN counts as 0."""
    numbers = json.loads(text, parse_float=Decimal)
    return {measure.name: _number(number) for measure, number in zip(impact.measures, numbers, strict=True)}


def _number(number: object) -> int | float:
    if isinstance(number, Decimal):
        # beyond 2**53 a float would round, or be infinite
        return int(number) if abs(number) >= 2**53 or number == int(number) else float(number)
    return number if isinstance(number, int | float) else 0
