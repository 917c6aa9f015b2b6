"""What the catalogs say of the rows that a rule finds: their table, its keys, and what a change of it sets off."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import psycopg

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.expectations import Rule
from order_audit.fixes.engine.row_key import key_obstacle
from order_audit.fixes.fix import FixError
from order_audit.foreign_code import whole_path
from order_audit.server_message import server_message


@dataclass(frozen=True)
class Column:
    """A column of a rule's query: its name and type, and the column of a table that it shows, if it is one.

    `table` is an oid, 0 where there is none. `quoted` and `origin` are SQL. `in_key`: the rule's key names it.
    `is_own`: it is of the row that the key names; in a self-join, others show the same columns of other rows.
    """

    name: str
    quoted: str
    type: str
    table: int = 0
    origin: str = ""
    changeable: bool = True
    in_key: bool = False
    is_own: bool = False


@dataclass(frozen=True)
class Facts:
    """A rule's columns, and the table that most of its key comes from; `table` is SQL, empty where there is none.

    `key` has the columns of the table that name its rows, `obstacle` says why they do not. `index` is the unique index
    that they are of. The other parts are sentences.
    """

    database: str
    version: str
    columns: tuple[Column, ...]
    oid: int = 0
    table: str = ""
    rows: int = -1
    size: str = ""
    key: tuple[str, ...] = ()
    obstacle: str = ""
    index: str = ""
    triggers: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    referenced: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


#: Returns which columns of the query show the row that the key names, given the table's columns that they show.
Own: TypeAlias = Callable[[Mapping[str, str]], Collection[str]]


def facts(connection: psycopg.Connection, rule: Rule, own: Own) -> Facts:
    """Return the facts of a rule. Raises FixError if the server refuses its query."""
    database, version = session.row(connection, "select current_database(), current_setting('server_version')")
    columns = _columns(connection, rule)
    oid = _table(rule, columns)
    columns = _with_own(rule, columns, oid, own)
    found = Facts(database, version.split()[0], columns)
    if not oid:
        return found
    table, rows, size = session.row(
        connection,
        "select quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.reltuples::bigint,"
        " pg_size_pretty(pg_table_size(c.oid)) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.oid = %s and c.relkind in ('r', 'p')",
        [oid],
    ) if _is_table(connection, oid) else ("", -1, "")  # fmt: skip
    if not table:
        return found
    key, index = _key(connection, oid, [column.origin for column in columns if column.in_key and column.is_own])
    return Facts(
        database, version.split()[0], columns, oid, table, rows, size, key,
        obstacle="" if index else key_obstacle(connection, table, [_stored(connection, name) for name in key]),
        index=index,
        triggers=_texts(connection, _TRIGGERS, oid),
        references=_texts(connection, _REFERENCES.format(table="conrelid"), oid),
        referenced=_texts(connection, _REFERENCES.format(table="confrelid"), oid),
        checks=_texts(connection, _CHECKS, oid),
    )  # fmt: skip


def _columns(connection: psycopg.Connection, rule: Rule) -> tuple[Column, ...]:
    """The columns of the rule's query, each with its origin as the server describes it."""
    try:
        with connection.transaction(force_rollback=True):
            session.configure(connection, local=True)
            with whole_path(connection):
                result = connection.execute(f"select * from (\n{rule.sql}\n) as v limit 0".encode()).pgresult
    except psycopg.Error as error:
        refuse_canceled(connection, error)
        raise FixError(f"{rule.path}: {server_message(error)}") from None
    if result is None:
        raise ValueError(rule.sql)
    places = range(result.nfields)
    names = [(result.fname(at) or b"").decode(connection.info.encoding) for at in places]
    rows = connection.execute(
        """
        select i.name, quote_ident(i.name), format_type(i.type, i.modifier), i.tab,
          coalesce(quote_ident(a.attname), ''), coalesce(a.attgenerated = '' and a.attidentity <> 'a', true)
        from unnest(%s::text[], %s::oid[], %s::integer[], %s::oid[], %s::integer[])
          with ordinality as i (name, type, modifier, tab, place, number)
        left join pg_attribute as a on a.attrelid = i.tab and a.attnum = i.place
        order by i.number
        """,
        [names, [result.ftype(at) for at in places], [result.fmod(at) for at in places],
         [result.ftable(at) for at in places], [result.ftablecol(at) for at in places]],
    ).fetchall()  # fmt: skip
    return tuple(Column(*row) for row in rows)


def _table(rule: Rule, columns: tuple[Column, ...]) -> int:
    """The table of the first column of the key that shows one of a table, else of any column; 0 if there is none."""
    key = [column.table for name in rule.key for column in columns if column.name == name]
    return next((oid for oid in (*key, *(column.table for column in columns)) if oid), 0)


def _with_own(rule: Rule, columns: tuple[Column, ...], oid: int, own: Own) -> tuple[Column, ...]:
    """Mark the columns of the key, and those of the row that it names."""
    owned = own({column.name: column.origin for column in columns if column.table == oid != 0})
    return tuple(replace(it, in_key=it.name in rule.key, is_own=it.name in owned) for it in columns)


def _is_table(connection: psycopg.Connection, oid: int) -> bool:
    return session.is_true(connection, "select relkind in ('r', 'p') from pg_class where oid = %s", [oid])


def _stored(connection: psycopg.Connection, quoted: str) -> str:
    return str(session.scalar(connection, "select (parse_ident(%s))[1]", [quoted]))


def _key(connection: psycopg.Connection, oid: int, wanted: list[str]) -> tuple[tuple[str, ...], str]:
    """The columns that name rows, with the unique index that they are of: the rule's key if it is unique.

    Otherwise those of the primary key, or of another unique index. Without any, the rule's key and no index.
    """
    indexes = connection.execute(_INDEXES, [oid]).fetchall()
    for name, columns in indexes:
        if {*columns} <= {*wanted}:
            return tuple(wanted), name
    return (tuple(indexes[0][1]), indexes[0][0]) if indexes else (tuple(wanted), "")


def _texts(connection: psycopg.Connection, query: str, oid: int) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(query.encode(), {"oid": oid}).fetchall())


_INDEXES = """
select quote_ident(c.relname), i.columns
from (
  select i.indexrelid, i.indisprimary,
    array(
      select quote_ident(a.attname)
      from unnest((i.indkey::smallint[])[0 : i.indnkeyatts - 1]) with ordinality as k (attnum, place)
      join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
      order by k.place
    ) as columns, i.indnkeyatts
  from pg_index as i
  where i.indrelid = %s and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
) as i
join pg_class as c on c.oid = i.indexrelid
order by i.indisprimary desc, cardinality(i.columns), c.relname
"""
_TRIGGERS = """
select quote_ident(t.tgname) || ' (' || concat_ws(', ',
    case when t.tgtype & 16 > 0 then 'update' end, case when t.tgtype & 8 > 0 then 'delete' end
  ) || '): ' || t.tgfoid::regproc
from pg_trigger as t
where t.tgrelid = %(oid)s and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 24 > 0
order by t.tgname
"""
_REFERENCES = """
select quote_ident(k.conname) || ' of ' || k.conrelid::regclass || ': ' || pg_get_constraintdef(k.oid)
from pg_constraint as k
where k.{table} = %(oid)s and k.contype = 'f' and k.conparentid = 0
order by k.conname, k.conrelid
"""
_CHECKS = """
select quote_ident(k.conname) || ': ' || pg_get_constraintdef(k.oid)
from pg_constraint as k
where k.conrelid = %(oid)s and k.contype in ('c', 'x')
order by k.conname
"""
