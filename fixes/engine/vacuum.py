"""VACUUM while a fix runs, so that tables do not grow."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit import session
from order_audit.fixes.engine.throttle import Throttle

#: The smallest number of changed rows that makes a VACUUM worthwhile.
_FEW: Final = 10_000


def dead_rows(connection: psycopg.Connection, tables: set[str], throttle: Throttle) -> int:
    """Return after how many changed rows of the smallest table to run VACUUM; 0 for never."""
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
    if rows is None:  # the tables were never analyzed
        return throttle.vacuum_after
    return min(throttle.vacuum_after, max(_FEW, int(rows) // 10))


def vacuum(connection: psycopg.Connection, tables: set[str]) -> None:
    """Vacuum the tables, so that they do not grow; this blocks no other session."""
    # flush this session's statistics, or its dead rows would be counted after the VACUUM
    connection.execute("select pg_stat_force_next_flush()")
    for table in sorted(tables):
        connection.execute(f"vacuum (truncate off) {table}".encode())
