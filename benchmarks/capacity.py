"""Disk, write-ahead log and time of the migration, step by step, and of its dry run; without other sessions."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say
from benchmarks.measure import cost_with_server, server_seconds
from order_audit.audit.database.server import Server

_STEPS: Final = ("expand", "prepare", "synchronise", "backfill", "verify", "switch", "contract", "retire")
_SIZE: Final = """
select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = any(%s)
"""
_LOG: Final = "select pg_current_wal_insert_lsn() - '0/0'"
#: The database with the temporary files of all sessions.
_DISK: Final = "select pg_database_size(%s) + coalesce((select sum(size) from pg_ls_tmpdir()), 0)"
#: Seconds between looks at the size of a database.
_LOOK: Final = 0.5


def planned(on: Server, bed: Bed) -> dict[str, Any]:
    """Run `migrate plan` before the first step. Return its seconds, also of processors, and bytes of disk and log.

    `disk` is the most that database and temporary files grew meanwhile, `left` what remains once the transaction is
    rolled back. `temporary` is all that was written to temporary files. `load` is the machine's mean number of running
    processes in the minute before.
    """
    say(f"{bed.orders} orders: plan")
    with psycopg.connect(on.dsn(), autocommit=True) as connection:
        load, cpu, log = os.getloadavg()[0], server_seconds(on, bed.dsn), _one(connection, _LOG)
        before, old = _one(connection, _DISK, _name(bed)), _size_of_tables(bed)
        with _sizes(on, _name(bed)) as sizes:
            used = cost_with_server(bed.dsn, bed.rows, [ORDER_AUDIT, "migrate", "plan", "--quiet", "--dsn", bed.dsn])
        return {
            "tables": bed.rows,
            "load": load,
            "wall": used.wall,
            "client": used.cpu,
            "memory": used.memory,
            "server": server_seconds(on, bed.dsn) - cpu,
            "temporary": used.temp,
            "old": old,
            "disk": max(sizes) - before,
            "left": _one(connection, _DISK, _name(bed)) - before,
            "log": _one(connection, _LOG) - log,
        }


@contextmanager
def _sizes(on: Server, name: str) -> Iterator[list[int]]:
    """Add the size of a database and of temporary files to a list, again and again."""
    found: list[int] = []
    ended = threading.Event()

    def look() -> None:
        with psycopg.connect(on.dsn(), autocommit=True) as connection:
            while not ended.wait(_LOOK):
                found.append(_one(connection, _DISK, name))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _size_of_tables(bed: Bed) -> int:
    with psycopg.connect(bed.dsn) as connection:
        return _one(connection, _SIZE, ["public"])


def _name(bed: Bed) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(bed.dsn)["dbname"])


def _one(connection: psycopg.Connection, query: str, *values: object) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    return int(row[0]) if row else 0


def capacity(bed: Bed) -> dict[str, Any]:
    """Take all steps to retire. Return seconds and bytes of write-ahead log by step, and bytes of the tables.

    `old` are the old tables before, `new` the new ones once the backfill has ended, with all that is temporary, and
    `final` the new ones after retire; indexes included.
    """
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        found: dict[str, Any] = {"tables": bed.rows, "steps": {}, "old": _one(connection, _SIZE, ["public"])}
        for step in _STEPS:
            say(f"{bed.orders} orders: {step}")
            log, began = _one(connection, _LOG), time.perf_counter()
            subprocess.run([ORDER_AUDIT, "migrate", *_words(step), "--quiet", "--dsn", bed.dsn],
                           check=True, stdout=subprocess.DEVNULL)  # fmt: skip
            found["steps"][step] = {
                "seconds": time.perf_counter() - began,
                "log": _one(connection, _LOG) - log,
            }
            if step == "backfill":
                found["new"] = _one(connection, _SIZE, ["sales", "sales_private", "sales_old", "migration"])
        found["final"] = _one(connection, _SIZE, ["sales", "sales_private"])
    return found


def _words(step: str) -> list[str]:
    if step == "contract":
        return ["contract", "--drop-old-tables"]
    if step == "retire":
        return ["retire", "--drop-old-views"]
    return ["run", "--to", step]
