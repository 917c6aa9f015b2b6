"""One order in a hundred put right while applications work: by one UPDATE, and by the program."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg

from audit.server import Server
from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say
from benchmarks.load import RATE, loaded, quantiles
from tests import servers

_ROOT: Final = Path(__file__).parent.parent
_RULE: Final = "orders/status_is_known.sql"
_DIRTY: Final = "update orders set order_status = ' ' || upper(order_status) where order_id % 100 = 7"
_PLAIN: Final = """
update orders
set order_status = lower(btrim(order_status))
where order_status not in ('recreated', 'active', 'expired', 'cancelled', 'paused', 'pending')
"""
_SECONDS: Final = 10.0


def mending(on: Server, bed: Bed, repeats: int) -> dict[str, Any]:
    """Rows a second, times of short transactions meanwhile, and growth of the table; medians of `repeats` rounds."""
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        connection.execute("alter table orders drop constraint if exists chk_status")
        connection.execute("create sequence load start 1000000000")
        connection.execute(_DIRTY.encode())
        connection.execute("vacuum (full, analyze) orders")
        heap = _heap(connection)
    contenders: dict[str, Callable[[str], dict[str, float]]] = {
        "nothing": _nothing,
        "one UPDATE": _plain,
        "order-audit fixes apply": _ours,
    }
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for turn in range(1, repeats + 1):
        for name, contender in contenders.items():
            say(f"mending, round {turn} of {repeats}: {name}")
            with _copy(on, bed) as made:
                with loaded(made) as load:
                    found = contender(made.dsn)
                with psycopg.connect(made.dsn) as connection:
                    growth = _heap(connection) - heap
                runs[name].append(found | quantiles(load.times) | {"growth": growth})
    return {
        "heap": heap,
        "transactions_per_second": RATE,
        "contenders": {
            name: {key: statistics.median(run[key] for run in found) for key in found[0]}
            for name, found in runs.items()
        },
    }


@contextmanager
def _copy(on: Server, bed: Bed) -> Iterator[Bed]:
    """A database like the bed's, warm."""
    template = psycopg.conninfo.conninfo_to_dict(bed.dsn)["dbname"]
    dsn = servers.new_database(on, str(template))
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("checkpoint")
            connection.execute("select count(*) from orders where order_status is null")
        yield replace(bed, dsn=dsn)
    finally:
        servers.drop_database(on, dsn)


def _heap(connection: psycopg.Connection) -> int:
    row = connection.execute("select pg_relation_size('orders')").fetchone()
    return int(row[0]) if row else 0


def _nothing(_dsn: str) -> dict[str, float]:
    time.sleep(_SECONDS)
    return {"changed": 0, "seconds": _SECONDS, "proof": 0.0}


def _plain(dsn: str) -> dict[str, float]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        began = time.perf_counter()
        changed = connection.execute(_PLAIN.encode()).rowcount
        return {"changed": changed, "seconds": time.perf_counter() - began, "proof": 0.0}


def _ours(dsn: str) -> dict[str, float]:
    """The whole command, with this one rule as its suite."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for part in ("expectations", "fixes"):
            target = Path(folder) / part / _RULE
            target.parent.mkdir(parents=True)
            target.write_bytes((_ROOT / part / "current" / _RULE).read_bytes())
        began = time.perf_counter()
        subprocess.run(
            [ORDER_AUDIT, "fixes", "apply", "--quiet", "--no-guards", "--dsn", dsn, "--suite", f"{folder}/expectations",
             "--fixes", f"{folder}/fixes"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wall = time.perf_counter() - began
    with psycopg.connect(dsn) as connection:
        changed = connection.execute("select count(*) from order_audit.journal").fetchone()
        detail = connection.execute("select detail -> 'seconds' from order_audit.run").fetchone()
    seconds = sum(detail[0].values()) if detail else wall
    return {"changed": changed[0] if changed else 0, "seconds": seconds, "proof": wall - seconds}
