"""What a write of an old application takes before and during the migration: `python -m benchmarks.writes [ORDERS]`.

One session at a time, statement by statement, in rounds on two databases in turn: one without a migration, one whose
two sides are kept equal. CPU is that of the session's own process, so that other work on the machine counts little.
The figures stand in scenario/proposed/design.md.
"""

from __future__ import annotations

import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.bed import ORDER_AUDIT, bed, server
from benchmarks.compare import say
from benchmarks.load import quantiles
from benchmarks.mend import copied

_ROUNDS: Final = 4
_TIMES: Final = 300
#: Statements of a session that do not count in the medians: they plan.
_FIRST: Final = 20
#: The number that the row gets by default.
_ITSELF: Final = "currval('orders_order_id_seq')"
_SCHEDULE: Final = f"repeat('{'0' * 18 + '1' * 16 + '0' * 14}', 7)::bit(336)"
#: The last order of a lineage, live and covered, of those that no statement has recreated yet.
_DUE: Final = """
select o.order_id from orders as o join customers as c using (customer_id)
where o.order_ref = o.order_id and o.order_status in ('pending', 'active', 'paused')
  and c.customer_balance > o.order_amount
  and not exists (select from orders as l where l.order_ref = o.order_ref and l.order_id > o.order_id)
order by hashint4(o.order_id)
"""
_WRITES: Final = {
    "new order, no delivery": f"""
        insert into orders (order_ref, customer_id, order_schedule, order_amount, order_status)
        values ({_ITSELF}, %(customer)s, {_SCHEDULE}, 5, 'active')
        """,
    "new order, new delivery with a secret": f"""
        insert into orders (
          order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount, order_status
        )
        values (
          {_ITSELF}, %(customer)s, {_SCHEDULE}, 'email_delivery',
          json_build_object('email_address', 'a@leads.example', 'api_key', %(text)s::text), 5, 'active'
        )
        """,
    "recreated order": """
        insert into orders (
          order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount, order_status
        )
        select o.order_ref, o.customer_id, o.order_schedule, o.delivery_script_name, o.delivery_script_args,
          o.order_amount, o.order_status
        from orders as o where o.order_id = %(due)s
        """,
    "another status": """
        update orders set order_status = case order_status when 'expired' then 'cancelled' else 'expired' end
        where order_id = %(order)s
        """,
    "another amount": "update orders set order_amount = order_amount + 1 where order_id = %(order)s",
    "another balance": """
        update customers set customer_balance = customer_balance + 0.25 where customer_id = %(customer)s
        """,
}


def measure(orders: int) -> None:
    """Print the figures of one size."""
    with server() as running, bed(running, orders, defects=0.0) as quiet, copied(running, quiet) as equal:
        subprocess.run([ORDER_AUDIT, "migrate", "run", "--to", "verify", "--quiet", "--dsn", equal.dsn], check=True)
        found: dict[tuple[str, bool], list[tuple[float, list[float], float]]] = {}
        for turn, (name, text) in itertools.product(range(_ROUNDS), _WRITES.items()):
            say(f"round {turn + 1} of {_ROUNDS}: {name}")
            for dsn, is_equal in ((quiet.dsn, False), (equal.dsn, True)):
                found.setdefault((name, is_equal), []).append(_session(dsn, text, turn))
    print(f"PostgreSQL 15, {orders:,} orders, load of the machine at the end: {os.getloadavg()[0]:.1f}\n")
    print("| write | CPU alone, ms | CPU during, ms | p50 alone, ms | p50 during, ms | p99 alone, ms | p99 during, ms"
          " | first of a session during, ms |")  # fmt: skip
    print("| --- |" + " ---: |" * 7)
    for name in _WRITES:
        alone, during = (found[name, is_equal] for is_equal in (False, True))
        cells = [f"{statistics.median(it[2] for it in runs):.2f}" for runs in (alone, during)]
        for which in ("p50_ms", "p99_ms"):
            cells += [f"{quantiles([time for it in runs for time in it[1]])[which]:.1f}" for runs in (alone, during)]
        print(f"| {name} | {' | '.join(cells)} | {statistics.median(it[0] for it in during):.0f} |")


def _session(dsn: str, text: str, turn: int) -> tuple[float, list[float], float]:
    """Return the milliseconds of a session's first write, the seconds of later ones, and their mean ms of CPU."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        values = _values(connection, turn)
        write: Callable[[], float] = lambda: _timed(connection, text, next(values))  # noqa: E731
        first = write()
        for _ in range(_FIRST):
            write()
        before = _cpu(connection.info.backend_pid)
        times = [write() for _ in range(_TIMES)]
        return 1000 * first, times, 1000 * (_cpu(connection.info.backend_pid) - before) / _TIMES


def _timed(connection: psycopg.Connection, text: str, values: dict[str, object]) -> float:
    began = time.perf_counter()
    connection.execute(text.encode(), values)
    return time.perf_counter() - began


def _values(connection: psycopg.Connection, turn: int) -> Iterator[dict[str, object]]:
    """Yield the values of one write after the other, the same in both databases."""
    chance = random.Random(turn)  # noqa: S311 - no secret
    (least, most, low, high) = connection.execute(
        "select min(order_id), max(order_id), (select min(customer_id) from customers),"
        " (select max(customer_id) from customers) from orders where order_id <= %s", [2**30]
    ).fetchone() or (0, 0, 0, 0)  # fmt: skip
    due = [order for (order,) in connection.execute(_DUE.encode())]
    for number in itertools.count():
        yield {
            "order": chance.randint(least, most),
            "customer": chance.randint(low, high),
            "due": due[number] if number < len(due) else None,
            "text": f"key-{turn}-{number}",
        }


def _cpu(pid: int) -> float:
    """Return the seconds of CPU of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
