"""Disk, write-ahead log and time of the migration, step by step, without other sessions."""

from __future__ import annotations

import subprocess
import time
from typing import Any, Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say

_STEPS: Final = ("expand", "prepare", "synchronise", "backfill", "verify", "switch", "contract", "retire")
_SIZE: Final = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = any(%s)
"""


def capacity(bed: Bed) -> dict[str, Any]:
    """Take all steps to retire. Return seconds and bytes of write-ahead log by step, and bytes of the tables.

    `old` are the old tables before, `new` the new ones once the backfill has ended, with all that is temporary, and
    `final` the new ones after retire; indexes included.
    """
    with psycopg.connect(bed.dsn, autocommit=True) as connection:

        def one(query: str, *values: object) -> int:
            row = connection.execute(query.encode(), values).fetchone()
            return int(row[0]) if row else 0

        found: dict[str, Any] = {"tables": bed.rows, "steps": {}, "old": one(_SIZE, ["public"])}
        for step in _STEPS:
            say(f"{bed.orders} orders: {step}")
            log, began = one("select pg_current_wal_insert_lsn() - '0/0'"), time.perf_counter()
            subprocess.run([ORDER_AUDIT, "migrate", *_words(step), "--quiet", "--dsn", bed.dsn],
                           check=True, stdout=subprocess.DEVNULL)  # fmt: skip
            found["steps"][step] = {
                "seconds": time.perf_counter() - began,
                "log": one("select pg_current_wal_insert_lsn() - '0/0'") - log,
            }
            if step == "backfill":
                found["new"] = one(_SIZE, ["sales", "sales_private", "sales_old", "migration"])
        found["final"] = one(_SIZE, ["sales", "sales_private"])
    return found


def _words(step: str) -> list[str]:
    if step == "contract":
        return ["contract", "--drop-old-tables"]
    if step == "retire":
        return ["retire", "--drop-old-views"]
    return ["run", "--to", step]
