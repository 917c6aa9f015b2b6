"""What the write-ahead log of the backfill consists of: `python -m benchmarks.log [ORDERS [MAX_WAL_SIZE]]`.

Without other sessions. By pg_waldump, record by record: whole pages, which the server writes at the first change of a
page after a checkpoint, count by themselves, and by table and index. A smaller `max_wal_size`, such as 48MB, causes
checkpoints during the backfill of few orders. The figures stand in scenario/proposed/design.md.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from typing import Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, bed, server

#: Kinds of records, by their names.
_KINDS: Final = {
    "rows": re.compile("Heap2?/(?!LOCK)"),
    "locks of rows": re.compile("Heap2?/LOCK"),
    "entries of indexes": re.compile("Btree/"),
    "the rest": re.compile(""),
}
#: A line of the statistics: name, number, bytes of records, bytes of whole pages, the bytes of both.
_LINE: Final = re.compile(
    r"^(?P<name>\S+/\S+) +(\d+) \([^)]*\) +(?P<bytes>\d+) \([^)]*\) +(?P<pages>\d+) \([^)]*\) +\d+ "
)
_CHECKPOINTS: Final = "select checkpoints_timed + checkpoints_req from pg_stat_bgwriter"
_NAMES: Final = "select pg_relation_filenode(oid), oid::regclass::text from pg_class where relkind in ('r', 'i')"
_PAGE: Final = re.compile(r"rel \d+/\d+/(\d+) fork main blk \d+ \(FPW\)")
_OLD: Final = "select pg_total_relation_size('customers') + pg_total_relation_size('orders')"


def measure(orders: int, max_wal_size: str) -> None:
    """Print the figures of one size."""
    with server() as running, bed(running, orders, defects=0.0) as made:
        migrate = [ORDER_AUDIT, "migrate", "run", "--quiet", "--dsn", made.dsn, "--to"]
        with psycopg.connect(made.dsn, autocommit=True) as connection:

            def value(query: str) -> str:
                row = connection.execute(query.encode()).fetchone()
                return str(row[0]) if row else ""

            connection.execute("alter system set wal_keep_size = '64GB'")
            connection.execute(f"alter system set max_wal_size = '{max_wal_size}'".encode())
            connection.execute("select pg_reload_conf()")
            old = int(value(_OLD))
            subprocess.run([*migrate, "synchronise"], check=True)
            connection.execute("checkpoint")
            before = int(value(_CHECKPOINTS))
            began = value("select pg_current_wal_insert_lsn()")
            subprocess.run([*migrate, "backfill"], check=True)
            ended = value("select pg_current_wal_insert_lsn()")
            # else the last records may not be on disk yet
            connection.execute("select pg_switch_wal()")
            checkpoints = int(value(_CHECKPOINTS)) - before
            folder = value("show data_directory")
            names = {str(number): name for number, name in connection.execute(_NAMES)}
        dump = [str(running.bin / "pg_waldump"), "-p", f"{folder}/pg_wal", "-s", began, "-e", ended]
        said, paged = (
            subprocess.run([*dump, *words], capture_output=True, text=True, check=True).stdout
            for words in (["--stats=record"], ["--fullpage", "--bkp-details"])
        )
    sizes = dict.fromkeys([*_KINDS, "whole pages"], 0)
    for line in said.splitlines():
        if found := _LINE.match(line):
            sizes[next(kind for kind, names in _KINDS.items() if names.match(found["name"]))] += int(found["bytes"])
            sizes["whole pages"] += int(found["pages"])
    print(f"PostgreSQL 15, {orders:,} orders, {old / 1e6:.0f} MB in the old tables, checkpoints: {checkpoints}\n")
    print("| part of the log | MB | over the old tables | share, % |\n| --- | ---: | ---: | ---: |")
    of = sum(sizes.values())
    for kind, size in [*sizes.items(), ("all", of)]:
        print(f"| {kind} | {size / 1e6:.1f} | {size / old:.2f} | {100 * size / of:.0f} |")
    pages = Counter(names.get(number, "others, such as replaced indexes") for number in _PAGE.findall(paged))
    print("\n| whole pages of | number |\n| --- | ---: |")
    for name, number in pages.most_common(10):
        print(f"| {name} | {number} |")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2] if len(sys.argv) > 2 else "1GB")
