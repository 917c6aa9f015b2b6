"""What `sales_old.hide_secrets` takes beside applications: `python -m benchmarks.hiding [TEXTS]`, on 15 and 18.

Three of ten texts have a secret of their own: 15,000 of 50,000. Sessions read and write through the old
view and the new tables, first alone, then beside the call. The figures stand in scenario/proposed/runbook.md.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Final

import psycopg

from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import run
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.support import servers

#: Seconds of the applications alone, and between two statements of a session.
_ALONE: Final = 8.0
_PAUSE: Final = 0.005
_CUSTOMERS: Final = 5_000
_FILL: Final = (
    f"""
    insert into customers (
      customer_name, customer_email, customer_contact_name, address, address_state, customer_balance
    )
    select 'C' || i, 'c' || i || '@example.com', 'N', i || ' Main Street', 'CA', 1000
    from generate_series(1, {_CUSTOMERS}) as i
    """,
    f"""
    insert into orders (
      order_ref, customer_id, order_amount, order_status, order_schedule, delivery_script_name, delivery_script_args
    )
    select i, 1 + i %% {_CUSTOMERS}, 10, 'active', repeat('1', 336)::bit(336),
      case when s.has_secret then 'custom_crm' else 'bulk_delivery' end,
      case when s.has_secret then json_build_object('api_key', md5(i::text), 'n', i) else json_build_object('n', i) end
    from generate_series(1, %(texts)s) as i
    cross join lateral (select i <= 0.3 * %(texts)s as has_secret) as s
    """,
)
_WORK: Final = {
    "read of the old view": "select delivery_script_args from orders where order_id = %(order)s",
    "write to the old view": "update orders set order_amount = order_amount + 1 where order_id = %(order)s",
    "new secret through the old view": """
        with n as (select nextval('orders_order_id_seq')::integer as id)
        insert into orders (order_id, order_ref, customer_id, order_amount, delivery_script_name, delivery_script_args)
        select n.id, n.id, %(customer)s, 5, 'custom_crm', json_build_object('api_key', 'old-' || %(number)s) from n
        """,
    "new secret in the new tables": """
        select sales.delivery(%(customer)s, 'custom_crm', jsonb_build_object('api_key', 'new-' || %(number)s))
        """,
}


class _Session(threading.Thread):
    """A session that repeats a statement; `times` has its milliseconds, `failed` the number of errors."""

    def __init__(self, dsn: str, query: str, texts: int, ended: threading.Event) -> None:
        super().__init__()
        self._dsn, self._query, self._texts, self._ended = dsn, query, texts, ended
        self.times: list[float] = []
        self.failed = 0

    def run(self) -> None:
        """Until the end."""
        number = 0
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            while not self._ended.wait(_PAUSE):
                number += 1
                values = {"number": number, "customer": 1 + number % _CUSTOMERS, "order": 1 + 7 * number % self._texts}
                began = time.perf_counter()
                try:
                    connection.execute(self._query.encode(), values)
                except psycopg.Error:
                    self.failed += 1
                self.times.append(1000 * (time.perf_counter() - began))


def measure(version: int, texts: int) -> None:
    """Print the figures of a server's version."""
    with (
        servers.running(version) as server,
        servers.database(server, "schema") as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        for query in _FILL:
            connection.execute(query.encode(), {"texts": texts})
        run(connection, steps(PROPOSED), CONTRACT, MigrationThrottle(), start_ignored)
        ended = threading.Event()
        sessions = {name: _Session(dsn, query, texts, ended) for name, query in _WORK.items()}
        for session in sessions.values():
            session.start()
        time.sleep(_ALONE)
        alone = {name: len(session.times) for name, session in sessions.items()}
        began, tries = time.perf_counter(), 1
        while True:
            try:
                ((hidden,),) = connection.execute("call sales_old.hide_secrets()").fetchall()
                break
            except psycopg.errors.LockNotAvailable:
                tries += 1
        seconds = time.perf_counter() - began
        ended.set()
        for session in sessions.values():
            session.join()
    print(f"PostgreSQL {version}: {hidden:,} texts changed in {seconds:.1f} s, calls: {tries}\n")
    print("| statement | longest alone, ms | longest meanwhile, ms | statements meanwhile | errors |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, session in sessions.items():
        before, meanwhile = session.times[: alone[name]], session.times[alone[name] :]
        print(f"| {name} | {max(before):.0f} | {max(meanwhile):.0f} | {len(meanwhile)} | {session.failed} |")
    print(flush=True)


if __name__ == "__main__":
    for server_version in (15, 18):
        measure(server_version, int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
