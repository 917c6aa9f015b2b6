"""Bloat: each changed row leaves a dead row until a VACUUM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import psycopg

#: By table: bytes of its rows (TOAST included), and of its indexes.
Sizes = dict[str, tuple[int, int]]
#: A table with all its partitions.
_PARTS: Final = """(
  select to_regclass({0})::oid as relid union select q.relid from pg_partition_tree(to_regclass({0})) as q
)"""


@dataclass(frozen=True)
class Bloat:
    """A table's bytes before and after, of rows and of indexes, and the estimated number of dead rows.

    `may_vacuum`: the role that changed the table may vacuum it.
    """

    heap_before: int
    heap_after: int
    indexes_before: int
    indexes_after: int
    dead_rows: int
    may_vacuum: bool

    def document(self) -> dict[str, Any]:
        """Return the bloat as JSON."""
        return asdict(self)


def sizes(connection: psycopg.Connection, tables: Iterable[str]) -> Sizes:
    """Return the sizes of tables, with all their partitions."""
    rows = connection.execute(
        f"""
        select t.name, sum(pg_table_size(p.relid))::bigint, sum(pg_indexes_size(p.relid))::bigint
        from unnest(%s::text[]) as t (name)
        cross join lateral {_PARTS.format("t.name")} as p
        group by t.name
        """.encode(),
        [sorted(tables)],
    ).fetchall()
    return {name: (heap, indexes) for name, heap, indexes in rows}


def bloat(connection: psycopg.Connection, before: Sizes, changed: Iterable[str]) -> dict[str, Bloat]:
    """Return the bloat of the changed tables."""
    connection.execute("select pg_stat_force_next_flush()")
    now = sizes(connection, before.keys() & set(changed))
    return {table: Bloat(before[table][0], heap, before[table][1], indexes, *_dead(connection, table))
            for table, (heap, indexes) in sorted(now.items())}  # fmt: skip


def _dead(connection: psycopg.Connection, table: str) -> tuple[int, bool]:
    maintain = "has_table_privilege(c.oid, 'maintain')" if connection.info.server_version >= 170000 else "false"
    row = connection.execute(
        f"""
        select coalesce(sum(pg_stat_get_dead_tuples(p.relid)), 0)::bigint, bool_and(
          pg_has_role(c.relowner, 'usage') or {maintain}
          or pg_has_role((select d.datdba from pg_database as d where d.datname = current_database()), 'usage')
        )
        from {_PARTS.format("%s")} as p
        join pg_class as c on c.oid = p.relid
        """.encode(),
        [table, table],
    ).fetchone()
    return (row[0], bool(row[1])) if row else (0, False)


def read(document: Mapping[str, Any] | None) -> dict[str, Bloat]:
    """Return the bloat by table, from its JSON form."""
    return {table: Bloat(**values) for table, values in (document or {}).items()}
