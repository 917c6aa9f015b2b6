"""`python -m benchmarks.large_tables`: what `init` and `profile` cost on few tables with many rows or columns.

Measures CPU rather than time, so that other work on the machine counts little. Writes results/large.json and the tables
of README.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import table
from benchmarks.bed import machine, server
from benchmarks.compare import say, versions, write
from benchmarks.proposals import profiled
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.init.propose import propose
from tests.support import servers

#: Columns of the wide table, and rows of the large one.
COLUMNS: Final = 200
ROWS: Final = 5_000_000
#: A large table with a key and references, one without a key, a wide one, and two that are referenced.
_TABLES: Final = """
create table country (code char(2) primary key, name text not null);
insert into country select chr(65 + g / 26) || chr(65 + g % 26), 'Country ' || g from generate_series(0, 249) as g;
create table customer (
  id int primary key, email text, country_code char(2), city text, zip text, created_at timestamptz
);
insert into customer
select g, 'c' || g || '@example.org', chr(65 + g % 250 / 26) || chr(65 + g % 250 % 26), 'City ' || g % 900,
  (10000 + g % 900)::text, timestamptz '2020-01-01' + g * interval '5 minutes'
from generate_series(1, greatest({rows} / 50, 1000)) as g;
create table event (
  id bigint primary key, customer_id int, kind text, country_code char(2), amount numeric, quantity int,
  started_at timestamptz, ended_at timestamptz, session uuid, note text, is_paid boolean, page text
);
insert into event
select g, 1 + g % greatest({rows} / 50, 1000), (array['view', 'buy', 'return', 'call'])[1 + g % 4],
  chr(65 + g % 250 / 26) || chr(65 + g % 250 % 26), g % 10007 / 100.0, g % 12,
  timestamptz '2020-01-01' + g * interval '20 seconds', timestamptz '2020-01-01 00:01' + g * interval '20 seconds',
  md5(g::text)::uuid, case when g % 3 = 0 then 'note ' || g end, g % 2 = 0, '/page/' || g % 5000
from generate_series(1, {rows}) as g;
create table reading (sensor int, taken timestamptz, unit text, level float8);
insert into reading
select g % 500, timestamptz '2020-01-01' + g / 500 * interval '1 minute', (array['C', 'F'])[1 + g % 2], g % 977 / 10.0
from generate_series(1, {rows} / 5) as g;
create table wide (id int primary key, {definitions});
insert into wide select g, {values} from generate_series(1, {rows} / 100) as g;
"""
#: Columns of the wide table in turn: types and values.
_KINDS: Final = (
    ("text", "(array['new', 'open', 'done'])[1 + (g + {n}) % 3]"),
    ("int", "(g * {n}) % 1000"),
    ("text", "'value ' || (g * {n}) % 5000"),
    ("date", "date '2015-01-01' + (g + {n}) % 3000"),
)
_RESULTS: Final = Path(__file__).parent / "results"


def main() -> None:
    """Measure, write the result and the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_tables", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the largest table")
    rows = parser.parse_args().rows
    with server() as running, servers.database(running) as dsn:
        with psycopg.connect(dsn) as connection:
            tables = make(connection, rows)
        document: dict[str, Any] = {"machine": machine(running), "versions": versions(), "tables": tables}
        works: dict[str, Callable[[psycopg.Connection], object]] = {"profile": profiled, "init": propose}
        for name, work in works.items():
            say(name)
            document[name] = cost(dsn, work)
    write(_RESULTS / "large.json", document)
    table.write(_RESULTS)


def make(connection: psycopg.Connection, rows: int = ROWS, columns: int = COLUMNS) -> dict[str, list[int]]:
    """Make the tables in an empty database; return by name their numbers of rows and columns."""
    kinds = [(f"c{n}", *_KINDS[n % len(_KINDS)]) for n in range(1, columns)]
    text = _TABLES.format(
        rows=rows,
        definitions=", ".join(f"{name} {kind}" for name, kind, _ in kinds),
        values=", ".join(value.format(n=n) for n, (_, _, value) in enumerate(kinds, 1)),
    )
    connection.execute(text.encode())
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum (analyze)")
    found = connection.execute(
        "select relname::text, reltuples::int8, relnatts from pg_class"
        " where relkind = 'r' and relnamespace = 'public'::regnamespace order by reltuples desc"
    )
    return {name: numbers for name, *numbers in found}


def cost(dsn: str, work: Callable[[psycopg.Connection], object]) -> dict[str, Any]:
    """Return what `work` costs on a snapshot of one backend: seconds of the clock, of its CPU and the client's.

    `reads` has by table how often its rows were read from the first to the last.
    """
    before = _reads(dsn)
    with Snapshot(dsn) as snapshot:
        # the CPU of parallel workers is not the backend's
        snapshot.connection.execute("set max_parallel_workers_per_gather = 0")
        pid = snapshot.connection.info.backend_pid
        wall, server, client = time.perf_counter(), _cpu(pid), time.process_time()
        work(snapshot.connection)
        wall, server, client = time.perf_counter() - wall, _cpu(pid) - server, time.process_time() - client
    return {
        "wall": wall, "server": server, "client": client,
        "reads": {name: round(read - before[name], 1) for name, read in _reads(dsn, settled=before).items()},
    }  # fmt: skip


def _cpu(pid: int) -> float:
    """Seconds of CPU of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _reads(dsn: str, settled: dict[str, float] | None = None) -> dict[str, float]:
    """By table, rows of sequential scans over its rows; waits until they differ from `settled`."""
    found: dict[str, float] = {}
    for _ in range(100):
        with psycopg.connect(dsn) as connection:
            rows = connection.execute(
                "select s.relname::text, s.seq_tup_read / greatest(c.reltuples, 1) from pg_stat_user_tables as s"
                " join pg_class as c on c.oid = s.relid order by s.relname"
            ).fetchall()
        if (found := dict(rows)) != settled:
            break
        # a backend hands in its numbers as it ends
        time.sleep(0.05)
    return found


if __name__ == "__main__":
    main()
