"""A light load of short transactions: how long they take while nothing else happens, and while an audit runs."""

from __future__ import annotations

import random
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.compare import say
from benchmarks.contenders import order_audit
from benchmarks.measure import alone

_CONNECTIONS: Final = 4
#: Transactions a second, of all connections together.
RATE: Final = 150
_LEAST_SECONDS: Final = 5.0


@dataclass
class Load:
    """Transactions on a timetable. Each one's time counts from when it was due, so that no delay hides another.

    `times` are when each ended, in seconds since 1970, and how many it took.
    """

    bed: Bed
    times: list[tuple[float, float]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int) -> None:
        """Read an order, change another, and add one; again and again."""
        chance = random.Random(number)  # noqa: S311 - no secret
        gap = _CONNECTIONS / RATE
        with psycopg.connect(self.bed.dsn, application_name="load") as connection:
            least, greatest = connection.execute("select min(order_id), max(order_id) from orders").fetchone() or (0, 0)
            connection.commit()
            due = time.perf_counter() + gap * number / _CONNECTIONS
            while not self._stop.wait(max(0.0, due - time.perf_counter())):
                one, two = (chance.randint(least, greatest) for _ in range(2))
                connection.execute("select * from orders where order_id = %s", [one])
                connection.execute(
                    "update orders set order_amount = order_amount + 1 where order_id = %s and order_status = 'active'",
                    [two],
                )
                connection.execute(
                    "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
                    " select nextval('load'), currval('load'), customer_id, order_amount, 'pending'"
                    " from orders where order_id = %s",
                    [one],
                )
                connection.commit()
                self.times.append((time.time(), time.perf_counter() - due))
                due += gap

    def stop(self) -> None:
        self._stop.set()


def under_load(bed: Bed, repeats: int) -> dict[str, Any]:
    """Milliseconds of a transaction with no audit, with one, and with a gentle one, in turn and again."""
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        connection.execute("create sequence load start 1000000000")
    phases: dict[str, Callable[[Path], float]] = {
        "no audit": lambda _folder: _wait(seconds),
        "order-audit run": lambda folder: _audit(order_audit(bed, folder)),
    }
    if "--gentle" in subprocess.run([ORDER_AUDIT, "run", "--help"], capture_output=True, text=True, check=True).stdout:
        phases["order-audit run --gentle"] = lambda folder: _audit(order_audit(bed, folder, "--gentle"))
    seconds = _LEAST_SECONDS
    found: dict[str, list[float]] = {name: [] for name in phases}
    took: dict[str, list[float]] = {name: [] for name in phases}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for turn in range(repeats + 1):
            for name, phase in phases.items():
                say(f"load, round {turn} of {repeats}: {name}")
                with loaded(bed) as load:
                    spent = phase(Path(scratch))
                seconds = max(_LEAST_SECONDS, spent)
                if turn:
                    found[name] += [each for _, each in load.times]
                    took[name].append(spent)
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        left = not alone(connection)
    return {
        "transactions_per_second": RATE,
        "connections": _CONNECTIONS,
        "left_over_backends": left,
        "phases": {name: quantiles(times) | {"seconds": took[name]} for name, times in found.items()},
    }


@contextmanager
def loaded(bed: Bed) -> Iterator[Load]:
    load = Load(bed)
    threads = [threading.Thread(target=load.work, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop()
        for thread in threads:
            thread.join()


def _audit(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def quantiles(times: list[float]) -> dict[str, Any]:
    """How many transactions there were, and their milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "transactions": len(times),
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "longest_ms": max(times) * 1000,
    }
