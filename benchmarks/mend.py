"""Orders put right while applications work: by one UPDATE, and by the program."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say
from benchmarks.load import RATE, loaded, quantiles
from benchmarks.measure import cost
from order_audit.audit.database.server import Server
from tests.support import servers

_ROOT: Final = Path(__file__).parent.parent
_RULE: Final = "orders/status_is_known.sql"
PLAIN: Final = """
update orders
set order_status = lower(btrim(order_status))
where order_status not in ('recreated', 'active', 'expired', 'cancelled', 'paused', 'pending')
"""
#: Of these many orders one is put right, so that both are tried: a few in a large table, and all of one.
FEW: Final = 100
ALL: Final = 1
_SECONDS: Final = 20.0


def mending(on: Server, bed: Bed, one_in: int, repeats: int) -> dict[str, Any]:
    """Rows a second, times of short transactions meanwhile, memory, and growth of the table; over `repeats` rounds.

    One order in so many is made wrong.
    """
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        connection.execute("create sequence load start 1000000000")
        spoil(connection, one_in)
        heap = _heap(connection)
    contenders: dict[str, Callable[[str], dict[str, Any]]] = {
        "nothing": _nothing,
        "one UPDATE": _plain,
        "order-audit fixes apply": _ours,
    }
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    times: dict[str, dict[str, list[float]]] = {name: {"all": [], "changing": []} for name in contenders}
    for turn in range(1, repeats + 1):
        for name, contender in contenders.items():
            say(f"mending one order in {one_in}, round {turn} of {repeats}: {name}")
            with copied(on, bed) as made:
                with loaded(made) as load:
                    found = contender(made.dsn)
                with psycopg.connect(made.dsn) as connection:
                    growth = _heap(connection) - heap
            begun, ended = found.pop("changing")
            times[name]["all"] += [each for _, each in load.times]
            times[name]["changing"] += [each for when, each in load.times if begun <= when <= ended]
            runs[name].append(found | {"growth": growth})
    return {
        "one_in": one_in,
        "heap": heap,
        "transactions_per_second": RATE,
        "contenders": {
            name: {key: statistics.median(run[key] for run in found) for key in found[0]}
            | quantiles(times[name]["all"])
            | {"changing": quantiles(times[name]["changing"]) if len(times[name]["changing"]) > 1 else None}
            for name, found in runs.items()
        },
    }


def spoil(connection: psycopg.Connection, one_in: int) -> None:
    """Make the status of one order in so many wrong; the connection is in autocommit mode."""
    connection.execute("alter table orders drop constraint if exists chk_status")
    connection.execute("update orders set order_status = ' ' || upper(order_status) where order_id %% %s = 0", [one_in])
    connection.execute("vacuum (full, analyze) orders")
    connection.execute("vacuum orders")  # which, unlike the full one, says which pages everybody sees


@contextmanager
def copied(on: Server, bed: Bed) -> Iterator[Bed]:
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


def _nothing(_dsn: str) -> dict[str, Any]:
    begun = time.time()
    time.sleep(_SECONDS)
    return {"changed": 0, "seconds": _SECONDS, "proof": 0.0, "memory": 0, "changing": (begun, time.time())}


def _plain(dsn: str) -> dict[str, Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        begun, began = time.time(), time.perf_counter()
        changed = connection.execute(PLAIN.encode()).rowcount
        seconds = time.perf_counter() - began
    return {"changed": changed, "seconds": seconds, "proof": 0.0, "memory": 0, "changing": (begun, time.time())}


def _ours(dsn: str) -> dict[str, Any]:
    """The whole command, with this one rule as its suite."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        used = cost([ORDER_AUDIT, *apply_words(dsn, _ROOT, Path(folder))])
    changed, ended, seconds = journalled(dsn)
    return {"changed": changed, "seconds": seconds, "proof": used.wall - seconds, "memory": used.memory,
            "changing": (ended - seconds, ended)}  # fmt: skip


def apply_words(dsn: str, tree: Path, folder: Path) -> list[str]:
    """Write the rule of a tree as a suite of its own; return the words of the command that applies its fix."""
    for part in ("expectations", "fixes"):
        target = folder / part / _RULE
        target.parent.mkdir(parents=True)
        target.write_bytes((tree / part / "current" / _RULE).read_bytes())
    return ["fixes", "apply", "--quiet", "--no-guards", "--dsn", dsn, "--suite", f"{folder}/expectations", "--fixes",
            f"{folder}/fixes"]  # fmt: skip


def journalled(dsn: str) -> tuple[int, float, float]:
    """The rows that `fixes apply` has changed, when it ended, and the seconds that it took to find and change them."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*), extract(epoch from max(j.changed_at))::float8,"
            " (select sum(s.value::text::float8) from order_audit.run as r, jsonb_each(r.detail -> 'seconds') as s)"
            " from order_audit.journal as j where j.op = 'update'"
        ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return row
