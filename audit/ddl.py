"""The DDL of tables, as the catalogs tell it, line by line, each line with the name of what it is about.

Run in their order, the lines make the same tables again: columns, constraints, indexes, triggers and comments, with the
sequences, enums and domains that they take. What they do not bring: functions, rights, policies, storage, partitions
(a partition that is asked for itself comes with its parent's columns), and rows. Names are as the session's search path
has them; a finding of lint names a thing as its line does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import namedtuple_row

from audit import mask

#: Tables shown; those that rules read first, then those with the worst findings.
_MOST: Final = 40
_INDENT: Final = "  "

#: Every table, and every index with its table, by the name that findings give it.
_NAMED: Final = """
select case when n.nspname = current_schema() then '' else n.nspname || '.' end || c.relname as object,
  coalesce(i.indrelid, c.oid) as oid
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_index as i on i.indexrelid = c.oid
where c.relkind in ('r', 'p', 'i', 'I')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""

_TABLES: Final = """
select c.oid, c.oid::regclass::text as named,
  case when n.nspname = current_schema() then '' else n.nspname || '.' end as prefix, c.relname as name,
  case when c.relpersistence = 'u' then 'UNLOGGED ' else '' end as kind,
  array_to_string(c.reloptions, ', ') as options,
  case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
  case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
  array(
    select i.inhparent::regclass::text from pg_inherits as i where i.inhrelid = c.oid order by i.inhseqno
  ) as parents,
  array(select i.inhparent from pg_inherits as i where i.inhrelid = c.oid) as extends,
  array(
    select k.confrelid
    from pg_constraint as k
    where k.conrelid = c.oid and k.confrelid <> c.oid and k.contype = 'f' and k.conparentid = 0
  ) as refers_to,
  obj_description(c.oid, 'pg_class') as comment
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.oid = any(%(oids)s) and c.relkind in ('r', 'p')
order by c.relname, n.nspname
"""

# NOT NULL has a name from PostgreSQL 18 on, and need not be valid
_COLUMNS: Final = """
select a.attrelid as oid, a.attname as name, quote_ident(a.attname) as named,
  format_type(a.atttypid, a.atttypmod) as type, a.atttypid as type_oid,
  case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end as collation,
  a.attnotnull and coalesce(k.convalidated, true) as is_not_null,
  case when k.conname <> left(c.relname || '_' || a.attname || '_not_null', 63) then quote_ident(k.conname) end as not_null,
  k.connoinherit as ends_here,
  a.attidentity::text as identity, a.attgenerated::text as generated, pg_get_expr(d.adbin, d.adrelid, true) as preset,
  col_description(a.attrelid, a.attnum) as comment,
  s.seqrelid as sequence, s.seqrelid::regclass::text as sequence_named, s.is_owned,
  s.name = c.relname || '_' || a.attname || '_seq' and s.home = c.relnamespace as has_usual_name,
  s.seqtypid = a.atttypid as has_same_type, s.type as sequence_type, s.options
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_type as t on t.oid = a.atttypid
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_constraint as k on k.conrelid = a.attrelid and k.contype = 'n' and k.conkey = array[a.attnum]
left join lateral (
  select q.seqrelid, q.seqtypid, format_type(q.seqtypid, null) as type, x.relname as name, x.relnamespace as home,
    p.deptype <> 'n' as is_owned,
    concat_ws(
      ' ',
      case when q.seqincrement <> 1 then 'INCREMENT BY ' || q.seqincrement end,
      case when q.seqmin <> m.lowest then 'MINVALUE ' || q.seqmin end,
      case when q.seqmax <> m.highest then 'MAXVALUE ' || q.seqmax end,
      case when q.seqstart <> case when q.seqincrement > 0 then q.seqmin else q.seqmax end
        then 'START WITH ' || q.seqstart end,
      case when q.seqcache <> 1 then 'CACHE ' || q.seqcache end,
      case when q.seqcycle then 'CYCLE' end
    ) as options
  from (
    select d.objid as sequence, d.deptype
    from pg_depend as d
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
      and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype in ('a', 'i')
    union all
    select e.refobjid, e.deptype
    from pg_depend as e
    where e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refclassid = 'pg_class'::regclass
      and e.deptype = 'n'
  ) as p
  join pg_sequence as q on q.seqrelid = p.sequence
  join pg_class as x on x.oid = q.seqrelid
  cross join lateral (
    select case q.seqtypid when 21 then 32767 when 23 then 2147483647 else 9223372036854775807 end as top
  ) as o
  cross join lateral (
    select case when q.seqincrement > 0 then 1 else -o.top - 1 end as lowest,
      case when q.seqincrement > 0 then o.top else -1 end as highest
  ) as m
  order by p.deptype
  limit 1
) as s on true
where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped and a.attislocal
order by a.attrelid, a.attnum
"""

_CONSTRAINTS: Final = """
select k.conrelid as oid, k.conname as name, quote_ident(k.conname) as named, k.contype::text as kind,
  pg_get_constraintdef(k.oid, true) as definition, k.confrelid as target,
  -- what is inside of CREATE TABLE counts as valid, and has the table's unique constraints to point at, not its indexes
  k.contype in ('p', 'u', 'x') or k.convalidated and (
    k.contype <> 'f' or k.conrelid <> k.confrelid
    or exists (select from pg_constraint as u where u.conindid = k.conindid and u.contype in ('p', 'u', 'x'))
  ) as is_inside,
  obj_description(k.oid, 'pg_constraint') as comment
from pg_constraint as k
where k.conrelid = any(%(oids)s) and k.conparentid = 0 and k.conislocal
  and (k.contype in ('p', 'u', 'x', 'c', 'f') or k.contype = 'n' and not k.convalidated)
order by k.conrelid, array_position(array['p', 'u', 'x', 'c', 'f', 'n'], k.contype::text), k.conname
"""

_INDEXES: Final = """
select i.indrelid as oid, c.relname as name, pg_get_indexdef(c.oid, 0, true) as definition, c.oid::regclass::text as named,
  i.indisvalid and i.indisready as is_valid, obj_description(c.oid, 'pg_class') as comment
from pg_index as i
join pg_class as c on c.oid = i.indexrelid
where i.indrelid = any(%(oids)s)
  and not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  and not exists (select from pg_inherits as h where h.inhrelid = i.indexrelid)
order by i.indrelid, c.relname
"""

_TRIGGERS: Final = """
select t.tgrelid as oid, t.tgname as name, quote_ident(t.tgname) as named, pg_get_triggerdef(t.oid, true) as definition,
  case t.tgenabled when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' when 'A' then 'ENABLE ALWAYS' end as state,
  obj_description(t.oid, 'pg_trigger') as comment
from pg_trigger as t
where t.tgrelid = any(%(oids)s) and not t.tgisinternal and t.tgparentid = 0
order by t.tgrelid, t.tgname
"""

#: The enums and domains that a table's columns take, those first that others are made of.
_TYPES: Final = """
with recursive used (oid, type) as (
  select a.attrelid, a.atttypid
  from pg_attribute as a
  where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped
  union
  select u.oid, b.type
  from used as u
  join pg_type as t on t.oid = u.type
  cross join lateral (values (t.typbasetype), (case when t.typcategory = 'A' then t.typelem end)) as b (type)
  where b.type <> 0
)
select u.oid, t.oid as type, t.typtype::text as kind, t.oid::regtype::text as named,
  format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull as is_not_null, t.typdefault as preset,
  case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end as collation,
  array(select quote_literal(e.enumlabel) from pg_enum as e where e.enumtypid = t.oid order by e.enumsortorder) as labels,
  array(
    select 'CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid, true)
    from pg_constraint as k where k.contypid = t.oid and k.contype = 'c' and k.convalidated order by k.conname
  ) as checks,
  obj_description(t.oid, 'pg_type') as comment
from used as u
join pg_type as t on t.oid = u.type and t.typtype in ('e', 'd')
left join pg_type as b on b.oid = t.typbasetype
join pg_namespace as n on n.oid = t.typnamespace and n.nspname not in ('pg_catalog', 'information_schema')
where not exists (
  select from pg_depend as d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e'
)
order by u.oid, t.oid
"""

_SERIAL: Final = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}


@dataclass(frozen=True)
class Line:
    """One line of DDL, or several that belong together, and the name of the table, column, constraint, index or
    trigger that it makes; empty where a note would find nothing.
    """

    sql: str
    about: str = ""


def document(connection: psycopg.Connection, judged: Iterable[int], objects: Iterable[str]) -> dict[str, Any]:
    """The part of a result document that holds the DDL: of the tables that rules `judged` (oids), and of those that
    the findings of lint are about (`objects`, the worst first), up to 40.
    """
    wanted = list(dict.fromkeys(judged))
    try:
        with connection.transaction():
            wanted = list(dict.fromkeys([*wanted, *_owners(connection, objects)]))[:_MOST]
            tables = ddl(connection, wanted)
    except psycopg.Error as error:  # dropped meanwhile: what writes a definition sees the catalogs as they are now
        return {"tables": [], "reason": mask.error(error)}
    return {
        "tables": [{"table": name, "lines": [vars(line) for line in lines]} for name, lines in tables.items()],
        "reason": "",
    }


def ddl(connection: psycopg.Connection, oids: Collection[int]) -> dict[str, list[Line]]:
    """The lines of each table, by its name as findings have it, those tables first that others refer to."""
    reader = _Reader(connection, oids)
    return {table.prefix + table.name: list(reader.lines(table)) for table in reader.tables}


def _owners(connection: psycopg.Connection, objects: Iterable[str]) -> Iterator[int]:
    """The tables that things of these names belong to: the longest beginning of the name that is a table or index."""
    known = {object: oid for object, oid in connection.execute(_NAMED)}
    for object in objects:
        ends = [len(object), *(place for place in range(len(object) - 1, 0, -1) if object[place] == ".")]
        if found := next((known[object[:end]] for end in ends if object[:end] in known), None):
            yield found


class _Reader:
    """What the catalogs hold of some tables, written down table by table."""

    def __init__(self, connection: psycopg.Connection, oids: Collection[int]) -> None:
        self._connection = connection
        self._oids = list(oids)
        self.tables = _in_order(self._rows(_TABLES))
        self._columns = self._by_table(_COLUMNS)
        self._constraints = self._by_table(_CONSTRAINTS)
        self._indexes = self._by_table(_INDEXES)
        self._triggers = self._by_table(_TRIGGERS)
        self._types = self._by_table(_TYPES)
        self._told: set[int] = set()
        self._later: defaultdict[int, list[Line]] = defaultdict(list)
        self._coming = [table.oid for table in self.tables]

    def _rows(self, query: str) -> list[Any]:
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query.encode(), {"oids": self._oids}).fetchall()

    def _by_table(self, query: str) -> defaultdict[int, list[Any]]:
        found: defaultdict[int, list[Any]] = defaultdict(list)
        for row in self._rows(query):
            found[row.oid].append(row)
        return found

    def lines(self, table: Any) -> Iterator[Line]:
        """All of one table."""
        self._coming.remove(table.oid)
        name = table.prefix + table.name
        yield from self._before(table)
        inside = [] if table.bound else [self._column(table, column) for column in self._columns[table.oid]]
        after: list[Line] = []
        for constraint in self._constraints[table.oid]:
            written = f"CONSTRAINT {constraint.named} {constraint.definition}"
            line = Line(written, f"{name}.{constraint.name}")
            if constraint.kind == "f" and constraint.target in self._coming:
                self._later[constraint.target].append(_added(table, line))
            elif constraint.is_inside:
                inside.append(line)
            else:
                after.append(_added(table, line))
        yield from _create(table, inside)
        yield from self._after(table)
        yield from after
        yield from self._comments(table)
        yield from self._later[table.oid]

    def _before(self, table: Any) -> Iterator[Line]:
        """Types and sequences that the table takes."""
        for type in self._types[table.oid]:
            if type.type not in self._told:
                self._told.add(type.type)
                yield Line(_type(type))
                if type.comment:
                    yield Line(f"COMMENT ON {'TYPE' if type.kind == 'e' else 'DOMAIN'} {type.named} IS "
                               f"{self._literal(type.comment)};")  # fmt: skip
        for column in self._columns[table.oid]:
            if column.sequence and not column.identity and not _is_serial(column) and column.sequence not in self._told:
                self._told.add(column.sequence)
                parts = ["CREATE SEQUENCE", column.sequence_named, "AS", column.sequence_type, column.options]
                yield Line(" ".join(filter(None, parts)) + ";")

    def _column(self, table: Any, column: Any) -> Line:
        serial = _is_serial(column)
        parts = [column.named, _SERIAL[column.type] if serial else column.type]
        if column.collation:
            parts.append(f"COLLATE {column.collation}")
        if column.identity:
            when = "ALWAYS" if column.identity == "a" else "BY DEFAULT"
            named = "" if column.has_usual_name else f"SEQUENCE NAME {column.sequence_named}"
            options = " ".join(filter(None, [named, column.options]))
            parts.append(f"GENERATED {when} AS IDENTITY" + (f" ({options})" if options else ""))
        elif column.generated:
            kind = "STORED" if column.generated == "s" else "VIRTUAL"
            parts.append(f"GENERATED ALWAYS AS ({column.preset}) {kind}")
        elif column.preset is not None and not serial:
            parts.append(f"DEFAULT {column.preset}")
        if column.is_not_null:
            parts.append((f"CONSTRAINT {column.not_null} " if column.not_null else "") + "NOT NULL")
            if column.ends_here:
                parts.append("NO INHERIT")
        return Line(" ".join(parts), f"{table.prefix}{table.name}.{column.name}")

    def _after(self, table: Any) -> Iterator[Line]:
        """What owns the sequences, indexes and triggers."""
        for column in self._columns[table.oid]:
            if column.sequence and column.is_owned and not column.identity and not _is_serial(column):
                yield Line(f"ALTER SEQUENCE {column.sequence_named} OWNED BY {table.named}.{column.named};")
        for index in self._indexes[table.oid]:
            valid = "" if index.is_valid else "  -- not valid: its build did not end"
            yield Line(f"{index.definition};{valid}", table.prefix + index.name)
        for trigger in self._triggers[table.oid]:
            about = f"{table.prefix}{table.name}.{trigger.name}"
            yield Line(f"{trigger.definition};", about)
            if trigger.state:
                yield Line(f"ALTER TABLE {table.named} {trigger.state} TRIGGER {trigger.named};", about)

    def _comments(self, table: Any) -> Iterator[Line]:
        things = [("TABLE", table.named, table.comment)]
        things += [("COLUMN", f"{table.named}.{it.named}", it.comment) for it in self._columns[table.oid]]
        for kind, rows in (("CONSTRAINT", self._constraints), ("TRIGGER", self._triggers)):
            things += [(kind, f"{it.named} ON {table.named}", it.comment) for it in rows[table.oid]]
        things += [("INDEX", it.named, it.comment) for it in self._indexes[table.oid]]
        for kind, named, said in things:
            if said is not None:
                yield Line(f"COMMENT ON {kind} {named} IS {self._literal(said)};")

    def _literal(self, text: str) -> str:
        row = self._connection.execute("select quote_literal(%s)", [text]).fetchone()
        assert row is not None  # noqa: S101 - one row by construction
        return str(row[0])


def _in_order(tables: list[Any]) -> list[Any]:
    """Tables after those that they extend, and after those that they refer to unless these refer to them in turn."""
    left, done = {table.oid: table for table in tables}, []
    while left:
        free = [it for it in left.values() if not left.keys() & set(it.extends)]
        ready = [it for it in free if not left.keys() & set(it.refers_to)] or free[:1]
        done += ready
        for table in ready:
            del left[table.oid]
    return done


def _is_serial(column: Any) -> bool:
    """Whether the column is what `serial` and its like make."""
    return bool(
        column.sequence
        and column.is_owned
        and not column.identity
        and column.has_usual_name
        and column.has_same_type
        and not column.options
        and column.is_not_null
        and column.type in _SERIAL
        and column.preset in (f"nextval('{column.sequence_named.replace(chr(39), chr(39) * 2)}'::regclass)",)
    )


def _create(table: Any, inside: list[Line]) -> Iterator[Line]:
    name = table.prefix + table.name
    head = f"CREATE {table.kind}TABLE {table.named}"
    tail = ""
    if table.bound:
        head += f" PARTITION OF {table.parents[0]}"
        tail = f" {table.bound}"
    elif table.parents:
        tail = f" INHERITS ({', '.join(table.parents)})"
    if table.partition_key:
        tail += f" PARTITION BY {table.partition_key}"
    if table.options:
        tail += f" WITH ({table.options})"
    if table.bound and not inside:
        yield Line(f"{head}{tail};", name)
        return
    yield Line(f"{head} (", name)
    for place, line in enumerate(inside, start=1):
        yield Line(f"{_INDENT}{line.sql}{',' if place < len(inside) else ''}", line.about)
    yield Line(f"){tail};")


def _added(table: Any, line: Line) -> Line:
    return Line(f"ALTER TABLE {table.named} ADD {line.sql};", line.about)


def _type(type: Any) -> str:
    if type.kind == "e":
        return f"CREATE TYPE {type.named} AS ENUM ({', '.join(type.labels)});"
    parts = [f"CREATE DOMAIN {type.named} AS {type.base}"]
    if type.collation:
        parts.append(f"COLLATE {type.collation}")
    if type.preset is not None:
        parts.append(f"DEFAULT {type.preset}")
    if type.is_not_null:
        parts.append("NOT NULL")
    return " ".join([*parts, *type.checks]) + ";"
