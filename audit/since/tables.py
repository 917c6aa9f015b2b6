"""Facts of tables that decide whether an audit can ask about changed rows only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis.dependence import ROW, Link
from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.since.values import Value, value_of

_QUERY: Final = """
select c.oid,
  case
    when c.relkind not in ('r', 'p') then 'it is no ordinary table'
    -- which the server changes in place
    when c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      then 'it is a table of the server'
    when c.relkind = 'r' and exists (select from pg_inherits as h where h.inhparent = c.oid)
      then 'other tables inherit from it'
    when exists (
      select from pg_partition_tree(c.oid) as t join pg_class as p on p.oid = t.relid where p.relkind not in ('r', 'p')
    ) then 'one of its partitions is a foreign table'
    when row_security_active(c.oid) then 'a policy may hide rows of it'
    when i.columns is null then 'it has no key that is unique and not null'
    else ''
  end as unfit,
  i.columns,
  md5(concat_ws(
    '|', c.relkind, c.relrowsecurity, c.relforcerowsecurity, i.columns::text,
    (
      select string_agg(concat_ws(
        ',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.atthasmissing, a.attmissingval::text,
        a.attgenerated, case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
        (
          with recursive types as (
            select a.atttypid as type
            union
            select p.type
            from types as s
            join pg_type as t on t.oid = s.type
            cross join lateral (
              select t.typelem as type
              union all select t.typbasetype
              union all select r.rngsubtype from pg_range as r where t.oid in (r.rngtypid, r.rngmultitypid)
              union all select f.atttypid from pg_attribute as f where f.attrelid = t.typrelid and f.attnum > 0
            ) as p
            where t.typnamespace <> 'pg_catalog'::regnamespace and p.type <> 0
          )
          select string_agg(concat_ws(
            ':', t.oid, t.typname,
            (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum as e where e.enumtypid = t.oid),
            (
              select string_agg(concat_ws(' ', f.attname, f.atttypid, f.atttypmod), ',' order by f.attnum)
              from pg_attribute as f
              where f.attrelid = t.typrelid and f.attnum > 0
            )
          ), ',' order by t.oid)
          from types as s
          join pg_type as t on t.oid = s.type
        ),
        l.collversion, pg_collation_actual_version(l.oid)
      ), ';' order by a.attnum)
      from pg_attribute as a
      join pg_type as t on t.oid = a.atttypid
      left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
      left join pg_collation as l on l.oid = a.attcollation
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    (select string_agg(t.relid::oid::text, ',' order by t.relid::oid) from pg_partition_tree(c.oid) as t)
  )) as signature,
  array(
    select a.attname::text
    from pg_attribute as a
    left join pg_type as t on t.oid = a.atttypid
    left join pg_collation as l on l.oid = a.attcollation
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and (not coalesce(l.collisdeterministic, true) or t.typtype not in ('b', 'e', 'd', 'r', 'm'))
  ) as uncertain,
  (
    select json_object_agg(a.attname, format_type(a.atttypid, null))
    from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ) as types
from pg_class as c
left join lateral (
  select array(
    select a.attname::text
    from unnest(i.indkey::int2[]) with ordinality as k (number, place)
    join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number
    where k.place <= i.indnkeyatts
    order by k.place
  ) as columns
  from pg_index as i
  where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
    and i.indpred is null and i.indexprs is null
    and not exists (
      select from unnest(i.indkey::int2[]) with ordinality as k (number, place)
      join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.number
      where k.place <= i.indnkeyatts
        and (
          not a.attnotnull
          -- from 18 on, a constraint that older rows may break
          or exists (
            select from pg_constraint as n
            where n.conrelid = c.oid and n.contype = 'n' and not n.convalidated and n.conkey[1] = a.attnum
          )
        )
    )
  order by i.indisprimary desc, i.indnkeyatts, i.indexrelid
  limit 1
) as i on true
where c.oid = any(%s)
"""


@dataclass(frozen=True)
class Table:
    """A table: its rows are named by the numbers `id` of the columns `key`.

    `id_type` is the type of that number. `signature` changes with everything that changes rows without writing them.
    `uncertain` has the columns whose equal values may have different numbers.
    """

    relation: Relation
    key: tuple[str, ...]
    id: Value
    id_type: str
    signature: str
    uncertain: frozenset[str]

    @property
    def name(self) -> str:
        """Return its name with the schema, as SQL."""
        return quoted(self.relation)

    def value(self, connection: psycopg.Connection, link: Link) -> Value:
        """Return the number of a link's value. Raises Underivable."""
        if any(quoted(column) in part for part in link.parts for column in self.uncertain):
            raise Underivable("it compares values whose equality depends on a collation or a composite type")
        if (link.column,) == self.key and self.id.is_integer:
            return self.id
        return value_of(connection, link, self.relation)


def tables_of(
    connection: psycopg.Connection, relations: Collection[tuple[RelationName, Relation]]
) -> tuple[dict[RelationName, Table], dict[RelationName, str]]:
    """Return the tables whose changes can be found, and for the others why not."""
    oids = [relation.oid for _, relation in relations]
    facts = {row[0]: row[1:] for row in connection.execute(_QUERY, [oids]).fetchall()}
    found: dict[RelationName, Table] = {}
    unfit: dict[RelationName, str] = {}
    for name, relation in relations:
        why, columns, signature, uncertain, types = facts[relation.oid]
        if not why and not relation.columns.keys() <= relation.readable:
            why = "this role may not read all of its columns"
        if why:
            unfit[name] = f"{relation.name}: {why}"
            continue
        parts = tuple(f"{ROW}.{quoted(column)}" for column in columns)
        link = Link(name, parts, columns[0] if len(columns) == 1 else "")
        if mask.is_personal(frozenset(columns)):
            unfit[name] = f"{relation.name}: its key is personal data"
            continue
        if frozenset(columns) & frozenset(uncertain):
            unfit[name] = f"{relation.name}: its key has a collation that takes different texts for equal"
            continue
        try:
            number = value_of(connection, link, relation, whole=True)
        except Underivable as error:
            unfit[name] = f"{relation.name}: {error}"
            continue
        kind = "int8"
        if number.is_integer:
            number = replace(number, sql=parts[0])  # never NULL, and an index finds it
            kind = types[columns[0]]
        found[name] = Table(relation, tuple(columns), number, kind, signature, frozenset(uncertain))
    return found, unfit
