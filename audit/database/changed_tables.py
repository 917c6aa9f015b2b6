"""Changes to tables that no snapshot keeps out: partitions attached or detached, rewrites, TRUNCATE, columns.

PostgreSQL reads the newest definition of a table and its newest files, also in an older snapshot. Rows of a partition
that is attached meanwhile appear in it, and rows of a table that was emptied or rewritten are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.fixes.engine.altered_columns import altered_columns
from order_audit.foreign_code import HOME
from order_audit.reports.document import ChangedTable

#: The relations that a query of a table reads: itself, partitions, children, and the tables of a view.
_READ: Final = """
with recursive reads as (
  select t.oid as root, t.oid from unnest(%s::oid[]) as t (oid)
  union
  select r.root, x.oid
  from reads as r
  cross join lateral (
    select i.inhrelid as oid from pg_inherits as i where i.inhparent = r.oid
    union all
    select d.refobjid
    from pg_rewrite as v
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid
    where v.ev_class = r.oid and d.refclassid = 'pg_class'::regclass
  ) as x
)
select r.root, c.oid, format('%%I.%%I', n.nspname, c.relname), c.relfilenode,
  (
    select coalesce(
      json_object_agg(a.attname, json_build_array(a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod))), '{}'
    )
    from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  )
from reads as r
join pg_class as c on c.oid = r.oid
join pg_namespace as n on n.oid = c.relnamespace
"""

#: The tables of the user's schemas, without partitions, named as in findings of the lint.
_ALL: Final = f"""
select c.oid, case when n.nspname = {HOME} then '' else n.nspname || '.' end || c.relname
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'sqitch', 'order_audit')
"""


@dataclass(frozen=True)
class _Table:
    name: str
    file: int
    columns: Mapping[str, list[Any]]  # by name: oid and modifier of the type, and its name


#: By table that a rule names: the tables that it is read from, by oid.
States = Mapping[int, Mapping[int, _Table]]


def all_tables(connection: psycopg.Connection) -> dict[int, str]:
    """Return the names of all tables by oid, as the lint names them."""
    return dict(connection.execute(_ALL.encode()).fetchall())


def states(connection: psycopg.Connection, oids: Iterable[int]) -> States:
    """What tables are read from, as this transaction sees the catalogs."""
    tables: dict[int, dict[int, _Table]] = {}
    for root, oid, name, file, columns in connection.execute(_READ, [list(oids)]):
        tables.setdefault(root, {})[oid] = _Table(name, file, columns)
    return tables


def hold(connection: psycopg.Connection, relations: Iterable[Relation]) -> None:
    """Lock tables against rewrites and TRUNCATE until the transaction ends, their partitions and children included.

    The lock is that of a SELECT. A table that this role may not lock, or that another session has locked, is omitted:
    its rules report the error.
    """
    for relation in relations:
        try:
            with connection.transaction():
                connection.execute(f"lock table {quoted(relation)} in access share mode".encode())
        except psycopg.Error:
            if connection.closed:
                raise


def changed(before: States, after: States, names: Mapping[int, str]) -> list[ChangedTable]:
    """Return the changes of tables between two states, in words. `names` are those of the tables, by oid."""
    return [
        ChangedTable(names[root], change)
        for root, old in sorted(before.items(), key=lambda item: names[item[0]])
        for change in _changes(root, old, after.get(root, {}))
    ]


def _changes(root: int, old: Mapping[int, _Table], new: Mapping[int, _Table]) -> Iterator[str]:
    if root not in new:
        yield "was dropped"
        return
    for oid in sorted(new.keys() - old.keys()):
        yield f"{new[oid].name} was attached"
    for oid in sorted(old.keys() - new.keys()):
        yield f"{old[oid].name} was detached or dropped"
    for oid in sorted(old.keys() & new.keys()):
        which = "" if oid == root else f"{new[oid].name} "
        if old[oid].file != new[oid].file:
            yield f"{which}was rewritten or emptied"
        for column, how in altered_columns(_types(old[oid], old[oid]), _types(new[oid], old[oid])):
            yield f"{which}column {column} {how}"


def _types(table: _Table, before: _Table) -> dict[str, str]:
    """Return types by column: those of before with their names of then, which depend on settings of the session."""
    return {
        column: before.columns[column][2] if of[:2] == before.columns.get(column, [])[:2] else of[2]
        for column, of in table.columns.items()
    }
