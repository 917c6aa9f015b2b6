"""VACUUM while a fix runs, so that tables do not grow."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.engine.throttle import Throttle

#: Changed rows for which no table is vacuumed.
_FEW: Final = 10_000


def dead_rows(connection: psycopg.Connection, tables: set[str], throttle: Throttle) -> int:
    """How many rows of the smallest of the tables may be changed before a VACUUM makes room again; 0 for any number."""
    if not throttle.vacuum_after:
        return 0
    rows = session.scalar(
        connection,
        """
        select min(t.rows)
        from (
          select sum(greatest(c.reltuples, 0))::bigint as rows
          from unnest(%s::text[]) as n (name)
          cross join lateral (
            select to_regclass(n.name)::oid union select q.relid from pg_partition_tree(to_regclass(n.name)) as q
          ) as p (relid)
          join pg_class as c on c.oid = p.relid
          group by n.name
        ) as t
        where t.rows > 0
        """,
        [sorted(tables)],
    )
    if rows is None:  # nobody has counted them
        return throttle.vacuum_after
    return min(throttle.vacuum_after, max(_FEW, int(rows) // 10))


def vacuum(connection: psycopg.Connection, tables: set[str]) -> None:
    """Make room again that changed rows left behind, so that the tables do not grow; nobody has to wait for it."""
    # or what this session has yet to tell of dead rows would be counted after it
    connection.execute("select pg_stat_force_next_flush()")
    for table in sorted(tables):
        connection.execute(f"vacuum (truncate off) {table}".encode())
