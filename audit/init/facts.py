"""What the catalog says of the tables that rules are proposed for: columns, types, and what the schema enforces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import psycopg

#: What values are compared with. Other types have no rules but those on NULL.
Family = Literal["number", "whole", "time", "text", "uuid", "boolean", "enum", "other"]

#: The reason of a table that the role may not read.
NO_RIGHT: Final = "this role may not read it"
_FAMILIES: Final[dict[str, Family]] = {
    **dict.fromkeys(("int2", "int4", "int8"), "whole"),
    **dict.fromkeys(("numeric", "float4", "float8"), "number"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "time"),
    **dict.fromkeys(("text", "varchar", "bpchar", "citext", "name"), "text"),
    "uuid": "uuid",
    "bool": "boolean",
}


@dataclass(frozen=True)
class Column:
    """A column: `sql` is its name as SQL, `written` its type; the flags say what the schema enforces already."""

    name: str
    sql: str
    written: str
    family: Family
    not_null: bool
    has_check: bool
    is_generated: bool

    @property
    def text(self) -> str:
        """SQL of the text of its value in a row `t`: blanks at the end count."""
        is_text = self.written == "text" or self.written.startswith("character varying")
        return f"t.{self.sql}" if is_text else f"t.{self.sql}::text"


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: its columns, and the table (an oid) and columns that it references."""

    columns: tuple[str, ...]
    target: int
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table or view. `sql` is its name as SQL, with its schema unless that is the first of the search path.

    `unique` has the column sets that the schema keeps unique; `key` is the primary key or empty. `kind` is
    pg_class.relkind. `reason` says why no rule is proposed, or is empty.
    """

    oid: int
    schema: str
    name: str
    sql: str
    kind: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: tuple[frozenset[str], ...]
    references: tuple[ForeignKey, ...]
    reason: str = ""

    @property
    def shown(self) -> str:
        """The name in texts: without quotes, on one line."""
        return self.sql.replace('"', "") if self.sql.isprintable() else ascii(self.sql)

    @property
    def is_view(self) -> bool:
        """Whether it shows what other tables hold."""
        return self.kind in "vm"

    def column(self, name: str) -> Column:
        """Return the column of a name."""
        return next(column for column in self.columns if column.name == name)


def tables(connection: psycopg.Connection, schemas: Sequence[str] = (), names: Sequence[str] = ()) -> list[Table]:
    """Return the tables to look at, by schema and name.

    Without `schemas` these are all but the server's own. `names` limits them to tables, as `name` or `schema.name`, and
    takes views in, which are left out otherwise. Partitions and tables of extensions are left out.
    """
    rows = connection.execute(
        """
        select c.oid, n.nspname::text, c.relname::text,
          case when n.nspname = current_schema() then '' else quote_ident(n.nspname) || '.' end
            || quote_ident(c.relname),
          c.relkind::text,
          case
            when not has_schema_privilege(n.oid, 'usage') or not has_any_column_privilege(c.oid, 'select')
              then %(unreadable)s
            when row_security_active(c.oid) then 'a row security policy may hide rows of it from this role'
            when c.relkind = 'm' and not c.relispopulated then 'it has not been populated'
            else ''
          end
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'f', 'v', 'm') and not c.relispartition
          and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'order_audit')
          and (cardinality(%(schemas)s::text[]) = 0 or n.nspname = any(%(schemas)s))
          and (
            case
              when cardinality(%(names)s::text[]) = 0 then c.relkind not in ('v', 'm')
              else c.relname = any(%(names)s) or n.nspname || '.' || c.relname = any(%(names)s)
            end
          )
          and not exists (
            select
            from pg_depend as d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
          )
        order by n.nspname <> current_schema(), n.nspname, c.relname
        """,
        {"schemas": list(schemas), "names": list(names), "unreadable": NO_RIGHT},
    ).fetchall()
    oids = [row[0] for row in rows]
    columns, keys, references = _columns(connection, oids), _keys(connection, oids), _references(connection, oids)
    found = []
    for oid, schema, name, written, kind, reason in rows:
        unique = keys.get(oid, [])
        found.append(
            Table(
                oid, schema, name, written, kind, tuple(columns.get(oid, ())),
                next((columns for is_primary, columns in unique if is_primary), ()),
                tuple(frozenset(columns) for _, columns in unique), tuple(references.get(oid, ())),
                reason if name.isprintable() and schema.isprintable() else "its name has control characters",
            )
        )  # fmt: skip
    return found


def _columns(connection: psycopg.Connection, oids: Iterable[int]) -> dict[int, list[Column]]:
    """The columns that this role may read, by table; without those that no line of a file can name."""
    rows = connection.execute(
        """
        with recursive bases as (
          select a.attrelid, a.attnum, a.atttypid as type, a.attnotnull as not_null, false as has_check
          from pg_attribute as a
          where a.attrelid = any(%(oids)s) and a.attnum > 0 and not a.attisdropped
          union all
          select b.attrelid, b.attnum, t.typbasetype, b.not_null or t.typnotnull,
            b.has_check or exists (select from pg_constraint as k where k.contypid = t.oid and k.contype = 'c')
          from bases as b
          join pg_type as t on t.oid = b.type
          where t.typtype = 'd'
        )
        select a.attrelid, a.attname::text, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
          t.typname::text, t.typtype::text, b.not_null,
          b.has_check or exists (
            select
            from pg_constraint as k
            where k.conrelid = a.attrelid and k.contype = 'c' and a.attnum = any(k.conkey)
          ),
          a.attgenerated <> ''
        from bases as b
        join pg_attribute as a on a.attrelid = b.attrelid and a.attnum = b.attnum
        join pg_type as t on t.oid = b.type
        where t.typtype <> 'd' and has_column_privilege(a.attrelid, a.attnum, 'select')
        order by a.attrelid, a.attnum
        """,
        {"oids": list(oids)},
    )
    found: dict[int, list[Column]] = defaultdict(list)
    for oid, name, quoted, written, base, typtype, not_null, has_check, is_generated in rows:
        if name.isprintable():
            family: Family = "enum" if typtype == "e" else _FAMILIES.get(base, "other")
            found[oid].append(Column(name, quoted, written, family, not_null, has_check, is_generated))
    return found


def _keys(connection: psycopg.Connection, oids: Iterable[int]) -> dict[int, list[tuple[bool, tuple[str, ...]]]]:
    """The unique indexes of whole tables on plain columns, by table: whether primary, and the columns."""
    rows = connection.execute(
        """
        select i.indrelid, i.indisprimary,
          array(
            select a.attname::text
            from unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
            join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where k.place <= i.indnkeyatts
            order by k.place
          )
        from pg_index as i
        where i.indrelid = any(%s) and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
        order by i.indrelid, not i.indisprimary, i.indexrelid
        """,
        [list(oids)],
    )
    found: dict[int, list[tuple[bool, tuple[str, ...]]]] = defaultdict(list)
    for oid, is_primary, columns in rows:
        found[oid].append((is_primary, tuple(columns)))
    return found


def _references(connection: psycopg.Connection, oids: Iterable[int]) -> dict[int, list[ForeignKey]]:
    rows = connection.execute(
        """
        select k.conrelid, k.confrelid,
          array(
            select a.attname::text
            from unnest(k.conkey) with ordinality as u (attnum, place)
            join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum
            order by u.place
          ),
          array(
            select a.attname::text
            from unnest(k.confkey) with ordinality as u (attnum, place)
            join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum
            order by u.place
          )
        from pg_constraint as k
        where k.contype = 'f' and k.convalidated and k.conrelid = any(%s)
        """,
        [list(oids)],
    )
    found: dict[int, list[ForeignKey]] = defaultdict(list)
    for oid, target, columns, target_columns in rows:
        found[oid].append(ForeignKey(tuple(columns), target, tuple(target_columns)))
    return found
