"""Catalog facts: the relations that rules read, their columns, and the types of a statement's columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import errors, pq

from order_audit import session
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.foreign_code import HOME, SCHEMAS, whole_path

#: Numeric types: integers, floats, numeric, oid.
NUMBERS = {20, 21, 23, 26, 700, 701, 1700}
_NUMERIC = 1700
_JSON = {114, 3802}


@dataclass(frozen=True)
class Relation:
    """A table, view or similar relation, with its columns' numbers by name.

    `readable` has the columns that this role may select; none if a policy may hide rows. `documents` has columns whose
    names do not describe their content: json, jsonb, xml, hstore, composites. `definition` is the query of a view,
    which may rename columns.
    """

    oid: int
    schema: str
    name: str
    readable: frozenset[str]
    columns: dict[str, int]
    documents: frozenset[str] = frozenset()
    is_view: bool = False
    definition: str = ""

    def shown(self, schema: str) -> str:
        """Return its name for results: with its schema, unless that is the audited one."""
        return self.name if self.schema == schema else f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Column:
    """A column of a statement's result.

    For an unchanged column of a table, `relation` is the table's oid, `place` the column's number, and `source` its
    name.
    """

    name: str
    type: int
    relation: int = 0
    place: int = 0
    source: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its values sort as numbers."""
        return self.type in NUMBERS

    @property
    def is_json(self) -> bool:
        """Whether it is of type json or jsonb."""
        return self.type in _JSON

    @property
    def is_numeric(self) -> bool:
        """Whether its type is numeric, whose equal values may have different texts."""
        return self.type == _NUMERIC


def relations(connection: psycopg.Connection, names: Iterable[RelationName]) -> dict[RelationName, Relation]:
    """Return the relations with these names on the search path; missing ones are omitted."""
    wanted = sorted(set(names))
    rows = connection.execute(
        f"""
        select w.schema, w.relation, r.oid, r.nspname, r.relname, r.readable, r.columns, r.documents, r.is_view
        from unnest(%s::text[], %s::text[]) as w (schema, relation)
        cross join lateral (
          select c.oid, n.nspname, c.relname,
            array(
              select a.attname::text
              from pg_attribute as a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and has_schema_privilege(n.oid, 'usage')
                and has_column_privilege(c.oid, a.attnum, 'select')
                and not row_security_active(c.oid)
            ) as readable,
            (
              select coalesce(json_object_agg(a.attname, a.attnum order by a.attnum), '{{}}')
              from pg_attribute as a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            ) as columns,
            array(
              select a.attname::text
              from pg_attribute as a
              join pg_type as t on t.oid = a.atttypid
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and (t.typname in ('json', 'jsonb', 'xml', 'hstore') or t.typtype = 'c')
            ) as documents,
            c.relkind in ('v', 'm') as is_view
          from pg_class as c
          join pg_namespace as n on n.oid = c.relnamespace
          where c.relname = w.relation
            and c.relkind in ('r', 'p', 'v', 'm', 'f')
            and case when w.schema = '' then n.nspname = any({SCHEMAS}) else n.nspname = w.schema end
          order by array_position({SCHEMAS}, n.nspname)
          limit 1
        ) as r
        """.encode(),
        [[name.schema for name in wanted], [name.relation for name in wanted]],
    ).fetchall()
    definitions = _definitions(connection, sorted({row[2] for row in rows if row[8]}))
    return {
        RelationName(row[0], row[1]): Relation(
            row[2], row[3], row[4], frozenset(row[5]), row[6], frozenset(row[7]), row[8], definitions.get(row[2], "")
        )
        for row in rows
    }


def _definitions(connection: psycopg.Connection, views: list[int]) -> dict[int, str]:
    """Return the queries of views by oid; none if another session locks a table that they read."""
    if not views:
        return {}
    try:
        # rolled back: the server locks the tables that a view reads, and others may want to change them
        with connection.transaction(force_rollback=True):
            # pretty: without the brackets around joins
            return dict(
                connection.execute(
                    "select v.oid, pg_get_viewdef(v.oid, true) from unnest(%s::oid[]) as v (oid)", [views]
                ).fetchall()
            )
    except psycopg.errors.LockNotAvailable:
        return {}


def unique(connection: psycopg.Connection, relation: Relation) -> frozenset[str]:
    """Return the unique columns of a table without partitions and inheritance children."""
    rows = connection.execute(
        """
        select a.attname
        from pg_class as c
        join pg_index as i on i.indrelid = c.oid
        join pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.oid = %s and c.relkind = 'r' and not c.relhassubclass
          and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null
        """,
        [relation.oid],
    )
    return frozenset(row[0] for row in rows)


def indexed(connection: psycopg.Connection, relation: Relation) -> frozenset[str]:
    """The columns by which some rows of a table are found without reading all of it."""
    rows = connection.execute(
        """
        select a.attname
        from pg_index as i
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indrelid = %s and i.indisvalid and i.indpred is null
        """,
        [relation.oid],
    )
    return frozenset(row[0] for row in rows)


def parse(connection: psycopg.Connection, statement: str) -> pq.abc.PGresult:
    """Let the server parse a statement, by the search path as it is; no function is called. Raises psycopg.Error."""
    server = connection.pgconn
    with connection.lock:  # or the watchdog could speak on it in between
        results = (server.prepare(b"", statement.encode()), server.describe_prepared(b""))
    for result in results:
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result, encoding="utf-8")
    return results[-1]


def describe(connection: psycopg.Connection, statement: str) -> tuple[Column, ...]:
    """The columns that a statement gives, from the server's own parser, without running it.

    The extended protocol takes one statement and no more. Names are looked up in all schemas of the search path.
    Raises psycopg.Error as the server would.
    """
    with whole_path(connection):
        result = parse(connection, statement)
    return tuple(
        Column((result.fname(i) or b"").decode(), result.ftype(i), result.ftable(i), result.ftablecol(i))
        for i in range(result.nfields)
    )


def tables(connection: psycopg.Connection, schemas: Sequence[str] = ()) -> list[RelationName]:
    """The tables in these schemas, by default the first one of the search path, that are no partitions of others.

    In the order of the schemas and of their names; those of the first schema are named without it.
    """
    rows = connection.execute(
        "select case when s.number = 1 then '' else s.name end, c.relname::text"
        " from unnest(%s::name[]) with ordinality as s (name, number)"
        " join pg_namespace as n on n.nspname = s.name join pg_class as c on c.relnamespace = n.oid"
        " where c.relkind in ('r', 'p', 'm') and not c.relispartition order by s.number, c.relname",
        [list(schemas) or [session.scalar(connection, f"select {HOME}")]],
    )
    return [RelationName(*row) for row in rows]


@dataclass(frozen=True)
class Function:
    """Properties of the functions of a name: volatile, set-returning."""

    is_volatile: bool
    gives_sets: bool


#: Functions by name.
Calls = Mapping[str, Function]


def functions(connection: psycopg.Connection, names: Iterable[str]) -> Calls:
    """The functions of these names, as far as there are any."""
    rows = connection.execute(
        "select proname, bool_or(provolatile = 'v'), bool_or(proretset)"
        " from pg_proc where proname = any(%s) group by proname",
        [sorted(set(names))],
    )
    return {row[0]: Function(row[1], row[2]) for row in rows}


def encoding(connection: psycopg.Connection) -> str:
    """The database's encoding, in small letters: `utf8`."""
    return str(session.scalar(connection, "select current_setting('server_encoding')")).lower()
