"""What partitions of sales.orders cost: `python -m benchmarks.partitions [ORDERS]`, on 15 and 18.

Migrates generated orders up to `retire`, measures, makes the table partitioned, and measures with more partitions.
Later partitions hold 1,000 orders each. Times are medians in milliseconds; the figures stand in docs/migration.md.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from typing import Final

import psycopg

from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import RETIRE, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.support import servers
from tests.support.clients import PSQL, environment

_HOME: Final = PROPOSED / "partition"
_PARTS: Final = _HOME / "deploy" / "parts"
_LINEAGE: Final = "select order_id, order_status, amount from sales.orders where first_ancestor_id = %(id)s"
_INSERT: Final = "insert into sales.orders (customer_id, amount) select customer_id, 1 from sales.customers limit 1"
_SIZE: Final = """
select (sum(pg_total_relation_size(c.oid)) / 1e6)::float from pg_class as c
where c.relnamespace = 'sales'::regnamespace and c.relname ~ '^orders(_[0-9]+|_beyond)?$' and c.relkind in ('r', 'p')
"""
_FILL: Final = """
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status)
select n, (select min(customer_id) from sales.customers), n, 1, 'expired'
from generate_series(%(start)s::bigint, %(start)s::bigint + 999) as n
"""


def _median(connection: psycopg.Connection, query: str, times: int, numbers: list[int]) -> float:
    """Milliseconds of a statement, in transactions that are rolled back; unprepared, so that each is planned."""
    taken = []
    for number in (numbers * times)[:: max(1, len(numbers) // times)][:times]:
        started = time.perf_counter()
        connection.execute(query.encode(), {"id": number}, prepare=False)
        taken.append(1000 * (time.perf_counter() - started))
        connection.rollback()
    return statistics.median(taken)


def _figures(dsn: str) -> list[str]:
    """The cells of a line: size, lookup of a lineage, insert, all due orders, recreation of one."""
    with psycopg.connect(dsn) as connection:
        numbers = [number for (number,) in connection.execute("select first_ancestor_id from sales.orders limit 50000")]
        due = [number for (number,) in connection.execute("select order_id from sales.orders_due")]
        ((size,),) = connection.execute(_SIZE).fetchall()
        connection.rollback()
        return [f"{size:.1f}"] + [
            f"{_median(connection, query, times, of):.2f}"
            for query, times, of in (
                (_LINEAGE, 500, numbers),
                (_INSERT, 300, numbers),
                ("select count(*) from sales.orders_due", 7, numbers),
                ("select sales.recreate(%(id)s)", min(200, len(due)), due),
            )
        ]


def _longest(dsn: str, query: str, ended: threading.Event, waits: list[float]) -> None:
    """Repeat a statement until the end, and append the longest time in milliseconds."""
    longest = 0.0
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not ended.is_set():
            started = time.perf_counter()
            connection.execute(query.encode())
            longest = max(longest, 1000 * (time.perf_counter() - started))
    waits.append(longest)


def _partition(dsn: str) -> str:
    """Run the step beside a reader and a writer; return its times as a sentence."""
    ended, waits = threading.Event(), list[float]()
    others = [
        threading.Thread(target=_longest, args=(dsn, query, ended, waits))
        for query in ("select from sales.orders limit 1", _INSERT)
    ]
    for other in others:
        other.start()
    bound = _timed(dsn, "-f", f"{_PARTS}/bound.sql")
    files = [word for name in ("change", "functions", "restore") for word in ("-f", f"{_PARTS}/{name}.sql")]
    change = _timed(dsn, "-c", "begin", *files, "-c", "commit")
    validate = _timed(dsn, "-f", f"{_PARTS}/validate.sql")
    ended.set()
    for other in others:
        other.join()
    return (
        f"bound {bound:.0f} ms, change {change:.0f} ms, validation {validate:.0f} ms;"
        f" longest statement of a reader and a writer meanwhile: {max(waits):.0f} ms"
    )


def _timed(dsn: str, *words: str) -> float:
    """Run a part of the step until it has its locks; return milliseconds without those of starting psql."""
    mark = ("-c", "select extract(epoch from clock_timestamp())")
    given = [*PSQL, "-At", "-f", f"{_PARTS}/blocks.sql", "-f", f"{_PARTS}/definition.sql", *mark, *words, *mark]
    options = {"PGOPTIONS": "-c sales.partition_numbers=10000 -c lock_timeout=200ms"}
    while True:
        done = subprocess.run(given, env=environment(dsn, _HOME) | options, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            start, end = done.stdout.split()
            return 1000 * (float(end) - float(start))
        if "lock timeout" not in done.stderr:
            raise RuntimeError(done.stderr)


def _grow(dsn: str, partitions: int) -> None:
    """Add partitions up to a number, each with some orders."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            ((number, last),) = connection.execute(
                "select count(*), max(first_number) from sales_private.order_partitions"
            ).fetchall()
            if not connection.execute("select from sales.orders where order_id >= %s limit 1", (last,)).rowcount:
                connection.execute(_FILL, {"start": last})
                connection.execute("select setval('sales.orders_order_id_seq', %s)", (last + 1000,))
            if number >= partitions:
                break
            connection.execute("select sales_private.add_partition()")
        connection.execute("vacuum analyze sales.orders")


def measure(version: int, orders: int) -> None:
    """Print the table of a server's version."""
    with servers.running(version) as server:
        dsn = servers.new_database(server)
        with psycopg.connect(dsn, autocommit=True) as connection:
            generate(connection, orders=orders, customers=orders // 10, seed=7, defects=0)
            run(connection, steps(PROPOSED), RETIRE, MigrationThrottle(), start_ignored)
            connection.execute("vacuum analyze")
        print(f"PostgreSQL {version}, {orders:,} orders\n")
        print("| partitions | size, MB | lineage | insert | due orders | recreate |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: |")
        print(f"| none | {' | '.join(_figures(dsn))} |", flush=True)
        said = _partition(dsn)
        for partitions in (2, 4, 16):
            _grow(dsn, partitions)
            print(f"| {partitions} | {' | '.join(_figures(dsn))} |", flush=True)
        print(f"\n{said}\n")


if __name__ == "__main__":
    for each in (15, 18):
        measure(each, int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
