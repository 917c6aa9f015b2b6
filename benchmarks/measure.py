"""Measure one process: wall clock, client CPU and memory, and its work on the server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict

from order_audit.audit.database.server import Server

#: A small parent of the measured process: a child's peak memory starts with that of its parent.
_PARENT: Final = """
import json, os, sys, time
begun = time.perf_counter()
_, status, used = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
wall = time.perf_counter() - begun
with open(sys.argv[1], "w") as file:
    json.dump([wall, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status)], file)
"""
#: Statements that only say how, and ask for nothing.
_ASIDE: Final = r"^\s*(begin|start|commit|rollback|savepoint|release|set|reset|show|close|discard|deallocate)\M"
_SERVER: Final = """
select (select temp_bytes from pg_stat_database where datname = current_database()),
  (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables where schemaname = 'public' and relname = 'orders'),
  (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables where schemaname = 'public' and relname = 'customers')
"""


class FailedError(Exception):
    """A measured process ended in an error, in its own last words."""


@dataclass(frozen=True)
class Cost:
    """The cost of one process, in seconds and bytes. `scans`: rows of sequential scans over rows of the table."""

    wall: float
    cpu: float
    memory: int
    temp: int | None = None
    statements: int | None = None
    scans_of_orders: float | None = None
    scans_of_customers: float | None = None
    output: str = ""


def cost(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, fine: Sequence[int] = (0,)
) -> Cost:
    """Run a command to its end. Raises FailedError where its exit code is none of `fine`."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", errors="replace") as said:
        reported = Path(folder) / "reported"
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PARENT, str(reported), *command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | (env or {}),
            cwd=cwd,
            check=True,
        )
        wall, cpu, kilobytes, code = json.loads(reported.read_bytes())
        said.seek(0)
        output = said.read()
    if code not in fine:
        raise FailedError(f"{Path(command[0]).name} exited {code}: " + " / ".join(output.strip().splitlines()[-3:]))
    return Cost(wall, cpu, kilobytes * 1024, output=output)


def cost_with_server(
    dsn: str,
    rows: tuple[int, int],
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    fine: Sequence[int] = (0,),
) -> Cost:
    """The same, with the work of the server; `rows` are those of orders and of customers."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        counted = _counts_statements(connection)
        if counted:
            connection.execute("select pg_stat_statements_reset()")
        before = _server(connection)
    used = cost(command, env=env, cwd=cwd, fine=fine)
    with psycopg.connect(dsn, autocommit=True) as connection:
        if not alone(connection):  # a backend hands in its numbers as it ends
            raise FailedError("another session is connected to the database")
        after = _server(connection)
        statements = _statements(connection) if counted else None
    temp, orders, customers = (later - sooner for later, sooner in zip(after, before, strict=True))
    return Cost(
        used.wall,
        used.cpu,
        used.memory,
        temp,
        statements,
        orders / max(1, rows[0]),
        customers / max(1, rows[1]),
        used.output,
    )


def alone(connection: psycopg.Connection, seconds: float = 10) -> bool:
    """Wait until no other session is connected to the database; return whether that happened."""
    end = time.monotonic() + seconds
    while True:
        others = connection.execute(
            "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type in ('client backend', 'parallel worker')"
        ).rowcount
        if not others:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.02)


def server_seconds(server: Server, dsn: str, seconds: float = 10) -> float:
    """Return the CPU time of all processes of a server that have ended, once none works on this database.

    Raises FailedError where one still does after so many seconds.
    """
    postmaster = (server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]
    database = str(conninfo_to_dict(dsn)["dbname"])
    end = time.monotonic() + seconds
    while any(not words or database in words or "parallel" in words for words in _children(postmaster)):
        if time.monotonic() > end:
            raise FailedError("another session is connected to the database")
        time.sleep(0.02)
    # the process's name may hold anything, and ends with the last bracket
    fields = Path(f"/proc/{postmaster}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _children(pid: str) -> Iterator[list[str]]:
    """Yield the words of the title of each child of a process. One that has ended has none until the parent sees it."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
        with contextlib.suppress(OSError):
            title = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            yield title.split()


def _server(connection: psycopg.Connection) -> tuple[int, int, int]:
    row = connection.execute(_SERVER).fetchone()
    return cast(tuple[int, int, int], tuple(int(value) for value in row or (0, 0, 0)))


def _counts_statements(connection: psycopg.Connection) -> bool:
    return connection.execute("select from pg_extension where extname = 'pg_stat_statements'").rowcount > 0


def _statements(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "select coalesce(sum(calls), 0) from pg_stat_statements"
        " where dbid = (select oid from pg_database where datname = current_database())"
        " and query !~* %s and query not like '%%pg_stat_%%'",
        [_ASIDE],
    ).fetchone()
    return int(row[0]) if row else 0
