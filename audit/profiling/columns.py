"""What a profile has to know of a table before it reads it: kinds of columns, sizes, keys, from the catalog alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.kinds import Kind, Profiled, TypeFacts, profiled

_WHOLE: Final = {20, 21, 23, 26}


@dataclass(frozen=True)
class Column:
    """A column: its type as written, how values are profiled, and whether each row must differ.

    `parts` are names of attributes inside the values. `error` is the reason for a column without figures.
    """

    name: str
    written: str
    profiled: Profiled
    unique: bool
    parts: frozenset[str] = frozenset()
    error: str = ""

    @property
    def kind(self) -> Kind:
        """How the values are profiled."""
        return self.profiled.kind

    @property
    def type(self) -> int:
        """The oid of the profiled type: the base type of a domain, the element type of an array or range."""
        return self.profiled.type

    @property
    def value(self) -> str:
        """SQL of the value of a row t."""
        return f"{self.profiled.before}t.{quoted(self.name)}{self.profiled.after}"

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.type in _WHOLE


@dataclass(frozen=True)
class Table:
    """A table with its catalog facts. `kind` is pg_class.relkind."""

    relation: Relation
    kind: str
    columns: tuple[Column, ...]
    bytes: dict[str, int]
    dead_rows: int | None
    key: tuple[str, ...]
    sequences: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def can_be_sampled(self) -> bool:
        """Whether pages of it can be sampled: no view, no foreign table."""
        return self.kind in "rpm"


def table(connection: psycopg.Connection, relation: Relation) -> Table:
    """Look a table up in the catalog. Raises psycopg.Error."""
    columns = connection.execute(
        """
        with recursive bases as (
          select a.attnum, a.attname::text as name, format_type(a.atttypid, a.atttypmod) as written,
            a.atttypid as type
          from pg_attribute as a
          where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
          union all
          select b.attnum, b.name, b.written, t.typbasetype
          from bases as b
          join pg_type as t on t.oid = b.type
          where t.typtype = 'd'
        )
        select b.name, b.written, b.type::int8, t.typtype::text, t.typcategory::text,
          t.typsubscript = 'array_subscript_handler'::regproc, coalesce(r.rngsubtype, t.typelem)::int8,
          case when t.typname = 'hstore' and e.oid is not null then n.nspname::text end,
          array(
            with recursive inside as (
              select b.type as oid, null::name as name
              union
              select of.oid, of.name
              from inside as i
              join pg_type as o on o.oid = i.oid
              cross join lateral (
                values (o.typelem, null::name), (o.typbasetype, null)
                union all
                select p.atttypid, p.attname
                from pg_attribute as p
                where p.attrelid = o.typrelid and p.attnum > 0 and not p.attisdropped
              ) as of (oid, name)
            )
            select distinct name::text from inside where name is not null
          ),
          exists (
            select
            from pg_index as i
            where i.indrelid = %s and i.indisunique and i.indisvalid and i.indnkeyatts = 1
              and i.indkey[0] = b.attnum and i.indpred is null
          )
        from bases as b
        join pg_type as t on t.oid = b.type
        join pg_namespace as n on n.oid = t.typnamespace
        left join pg_range as r on b.type in (r.rngtypid, r.rngmultitypid)
        left join pg_depend as d on d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
          and d.refclassid = 'pg_extension'::regclass
        left join pg_extension as e on e.oid = d.refobjid and e.extname = 'hstore'
        where t.typtype <> 'd'
        order by b.attnum
        """,
        [relation.oid, relation.oid],
    ).fetchall()
    row = connection.execute(
        """
        with parts as (
          select relid::oid as oid from pg_partition_tree(%(oid)s)
          union
          select %(oid)s::oid
        )
        select c.relkind::text,
          coalesce(sum(pg_total_relation_size(p.oid)), 0)::int8,
          coalesce(sum(pg_relation_size(p.oid)), 0)::int8,
          coalesce(sum(pg_indexes_size(p.oid)), 0)::int8,
          coalesce(sum(case when r.reltoastrelid <> 0 then pg_total_relation_size(r.reltoastrelid) end), 0)::int8,
          sum(pg_stat_get_dead_tuples(p.oid))::int8,
          array(
            select a.attname::text
            from pg_index as i
            cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
            join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts
            order by k.place
          )
        from pg_class as c
        cross join parts as p
        join pg_class as r on r.oid = p.oid
        where c.oid = %(oid)s
        group by c.oid, c.relkind
        """,
        {"oid": relation.oid},
    ).fetchone()
    if row is None:
        raise psycopg.errors.UndefinedTable("the table is gone")
    return Table(
        relation,
        row[0],
        tuple(
            Column(
                name,
                written,
                profiled(TypeFacts(*facts)),
                unique,
                frozenset(parts),
                "" if name in relation.readable else "this role may not read it",
            )
            for name, written, *facts, parts, unique in columns
        ),
        {"total": row[1], "table": row[2], "indexes": row[3], "toast": row[4]},
        row[5] if row[0] in "rpm" else None,
        tuple(row[6]),
        _sequences(connection, relation),
    )


def _sequences(connection: psycopg.Connection, relation: Relation) -> dict[str, dict[str, Any]]:
    """The sequences that columns draw from, by column: owned by it, or named by its default."""
    rows = connection.execute(
        """
        select distinct on (a.attname) a.attname::text, n.nspname || '.' || c.relname, s.seqstart, s.seqmax,
          s.seqincrement,
          case when has_sequence_privilege(c.oid, 'usage, select') then pg_sequence_last_value(c.oid) end,
          has_sequence_privilege(c.oid, 'usage, select')
        from pg_attribute as a
        left join pg_attrdef as f on f.adrelid = a.attrelid and f.adnum = a.attnum
        join pg_depend as d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
            and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype in ('a', 'i')
          or d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
        join pg_class as c on c.relkind = 'S'
          and c.oid = case when d.classid = 'pg_class'::regclass then d.objid else d.refobjid end
        join pg_namespace as n on n.oid = c.relnamespace
        join pg_sequence as s on s.seqrelid = c.oid
        where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
        order by a.attname, c.oid
        """,
        [relation.oid],
    ).fetchall()
    return {
        column: {"name": name, "position": last, "start": start, "max": most, "step": step, "readable": readable}
        for column, name, start, most, step, last, readable in rows
    }
