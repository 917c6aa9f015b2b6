"""What the verdict of a rule depends on, if that is certain: derived from its query, or as its header says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit.analysis.dependence import ROW, Dependence, Edge, Link
from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.readings import Asked, Reading, readings
from order_audit.foreign_code import whole_path

#: Stable functions of the server whose results depend on their arguments, and on settings that are equal in each audit.
_SETTLED: Final = frozenset(
    """
    concat concat_ws format to_char to_timestamp to_date to_number date_trunc date_part extract timezone date time
    timestamp timestamptz json_build_array json_build_object jsonb_build_array jsonb_build_object to_json to_jsonb
    row_to_json array_to_json array_to_string string_to_array quote_literal quote_nullable getdatabaseencoding
    json_agg jsonb_agg json_object_agg jsonb_object_agg array_agg string_agg text convert_to convert_from
    generate_series length jsonb_path_exists_tz jsonb_path_query_tz make_timestamptz isfinite overlaps regexp_replace
    """.split()  # noqa: SIM905 - a list of words is easier to read
)
_QUERY: Final = """
select p.proname, bool_or(p.pronamespace <> 'pg_catalog'::regnamespace),
  bool_or(p.provolatile <> 'i'), bool_or(p.prokind = 'a')
from pg_proc as p
where p.proname = any(%s)
group by p.proname
"""
#: The database's own operators and casts, but for those of extensions: what they do may change without a row's change.
_OWN: Final = """
with own as (
  select o.oid, 'pg_operator'::regclass as class, o.oprname::text as name
  from pg_operator as o
  where o.oprnamespace <> 'pg_catalog'::regnamespace
  union all
  select c.oid, 'pg_cast'::regclass, '' from pg_cast as c where c.oid >= 16384 and c.castfunc <> 0
  union all
  select t.oid, 'pg_type'::regclass, t.typname::text
  from pg_type as t
  where t.typnamespace <> 'pg_catalog'::regnamespace and t.typtype <> 'p'
)
select array_agg(distinct o.name) filter (where o.class = 'pg_operator'::regclass),
  array_agg(distinct o.name) filter (where o.class = 'pg_type'::regclass), count(*) filter (where o.name = '')
from own as o
where not exists (
  select from pg_depend as d where d.classid = o.class and d.objid = o.oid and d.deptype = 'e'
)
"""
_FLOATS: Final = """
select a.attrelid, a.attname::text
from pg_attribute as a
join pg_type as t on t.oid = a.atttypid
where a.attrelid = any(%s) and a.attnum > 0
  and (a.atttypid in ('float4'::regtype, 'float8'::regtype) or t.typbasetype in ('float4'::regtype, 'float8'::regtype))
"""
#: Types of which equal values can have different texts; those of numeric are made equal.
_LOOSE_TYPES: Final = """
select t.oid
from pg_type as t
where t.oid = any(%s) and t.typtype <> 'e' and t.oid not in ('numeric'::regtype, 'varchar'::regtype)
  and not exists (
    select
    from pg_opclass as o
    join pg_am as m on m.oid = o.opcmethod and m.amname = 'btree'
    join pg_amproc as p on p.amprocfamily = o.opcfamily and p.amproclefttype = o.opcintype
    where o.opcdefault and o.opcintype = t.oid and p.amprocnum = 4 -- "equalimage"
  )
"""
_LOOSE: Final = "select collname::text from pg_collation where not collisdeterministic"


class Deriver:
    """Derives the dependence of rules on one database."""

    def __init__(
        self, connection: psycopg.Connection, rules: Iterable[PreparedRule], relations: Mapping[RelationName, Relation]
    ) -> None:
        self._connection = connection
        self._relations = relations
        called = sorted({call for rule in rules for call in rule.query.calls or ()})
        self._calls = {row[0]: row[1:] for row in connection.execute(_QUERY, [called]).fetchall()}
        self._loose_collations = frozenset(row[0] for row in connection.execute(_LOOSE).fetchall())
        oids = [relation.oid for relation in relations.values()]
        self._floats = connection.execute(_FLOATS, [oids]).fetchall()
        self._readings = readings(self._asked(prepared) for prepared in rules if prepared.rule.key)
        keys = sorted({rule.columns[place].type for rule in rules for place in rule.key})
        self._loose_types = {row[0] for row in connection.execute(_LOOSE_TYPES, [keys]).fetchall()}
        operators, types, self._own_casts = session.row(connection, _OWN)
        self._own_operators, self._own_types = operators or (), frozenset(types or ())

    def _asked(self, prepared: PreparedRule) -> Asked:
        rule, query = prepared.rule, prepared.query
        there = {name: self._relations[name] for name in query.relations if name in self._relations}
        oids = {relation.oid for relation in there.values()}
        return Asked(
            query.body,
            rule.key[0],
            not rule.connected,
            tuple((name, tuple(sorted(relation.columns))) for name, relation in sorted(there.items())),
            tuple(sorted(it for it in query.calls or () if it in self._calls and self._calls[it][2])),
            tuple(sorted({column for oid, column in self._floats if oid in oids})),
            rule.suite,
        )

    def __call__(self, prepared: PreparedRule) -> Dependence:
        """Return what the verdict of a rule depends on. Raises Underivable with the reason."""
        rule, query = prepared.rule, prepared.query
        if rule.measure is not None:
            raise Underivable("it measures all of the rows")
        if prepared.key_is_personal or not rule.key:
            raise Underivable("its key is personal data")
        if prepared.may_steer:
            raise Underivable("it calls a volatile function")
        reading = self._readings[self._asked(prepared)]
        if reading.why:
            raise Underivable(reading.why)
        if query.calls is None:
            raise Underivable("its query has syntax that the analysis does not know")
        self._refuse_calls(query.calls, reading)
        self._refuse_own(query.body, reading)
        if reading.refused:
            raise Underivable(reading.refused)
        if reading.collations & self._loose_collations:
            raise Underivable("it has a collation that takes different texts for equal")
        if reading.merges and any(prepared.columns[place].type in self._loose_types for place in prepared.key):
            raise Underivable("it merges rows whose keys are equal, and may have different texts")
        if rule.connected:
            return _connected(prepared)
        if isinstance(reading.derived, str):
            raise Underivable(reading.derived)
        if reading.bracketed and not self._is_understood(query.body, reading.bracketed):
            raise Underivable("the analysis reads its query in another way than the server")
        return reading.derived

    def _refuse_calls(self, calls: Iterable[str], reading: Reading) -> None:
        for call in sorted(calls):
            if call not in self._calls:
                continue
            elsewhere, unsettled, _ = self._calls[call]
            if elsewhere:
                raise Underivable(f"it calls {call}, which is no function of the server's own")
            if (
                unsettled
                and call not in _SETTLED
                and not (call == "current_setting" and reading.settings <= {"server_encoding"})
            ):
                raise Underivable(f"it calls {call}, whose result may be another in each audit")

    def _refuse_own(self, body: str, reading: Reading) -> None:
        if self._own_casts:
            raise Underivable("the database has casts of its own, which may call any function")
        if any(operator in body for operator in self._own_operators):
            raise Underivable("it may have an operator of the database's own, which calls any function")
        if reading.types & self._own_types:
            raise Underivable("it casts to a type of the database's own, which may change")

    def _is_understood(self, body: str, as_read: str) -> bool:
        """Whether the server plans the query as it plans what the parser has read, with brackets around each part."""
        try:
            return self._plan(body) == self._plan(as_read)
        except psycopg.Error:
            return False

    def _plan(self, statement: str) -> str:
        with self._connection.transaction(force_rollback=True), whole_path(self._connection):
            explained = session.scalar(self._connection, f"explain (verbose, costs off, format json) {statement}")
        return json.dumps(explained[0]["Plan"])  # and not the query's identifier, which differs


def _connected(prepared: PreparedRule) -> Dependence:
    """Return the dependence that a rule's header declares."""
    links = [Link(RelationName("", it.table), (f"{ROW}.{quoted(it.name)}",), it.name) for it in prepared.rule.connected]
    tables = tuple(dict.fromkeys(link.table for link in links))
    key = prepared.columns[prepared.key[0]].source
    if not key or prepared.table is None or RelationName("", prepared.table.name) not in tables:
        raise Underivable("its key is no column of a table that connected names")
    if left := [str(name) for name in prepared.query.relations if name not in tables]:
        raise Underivable(f"connected names no column of {left[0]}")
    root = Link(RelationName("", prepared.table.name), (f"{ROW}.{quoted(key)}",), key)
    edges = frozenset(
        Edge(tables.index(one.table), one, tables.index(other.table), other) for one in links for other in links
    )
    return Dependence(tables, ((tables.index(root.table), root),), edges)


def fingerprint(prepared: PreparedRule) -> str:
    """Return what changes with the query of a rule."""
    text = json.dumps(
        [
            prepared.query.body,
            prepared.rule.key,
            [column.type for column in prepared.columns],
            [str(it) for it in prepared.rule.connected],
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
