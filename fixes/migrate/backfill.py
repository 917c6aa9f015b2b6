"""Copy the rows that are there already, in short transactions, as many at a time as nobody notices."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

import psycopg

from order_audit.fixes.engine.batches import RETRYABLE, back_off
from order_audit.fixes.migrate.steps import FIRST
from order_audit.fixes.migrate.throttle import MigrationThrottle, wait_for_others
from order_audit.progress import ProgressCallback

_TABLES: Final = ("customers", "orders")
#: A CHECK says nothing of rows that came in before its function was replaced, so that no plan may rely on it.
_ALL_ROWS: Final = "set local constraint_exclusion = off"
#: The part of what anybody may wait that a batch is to take.
_SHARE: Final = 10
#: Seconds between looks at replicas and waiting sessions.
_LOOK: Final = 1.0


def backfill(connection: psycopg.Connection, throttle: MigrationThrottle, on_progress: ProgressCallback) -> None:
    """Copy what is missing until nothing is. It may be killed and called again: it goes on from where it was.

    The connection commits by itself. `on_progress` is called with rows looked at, of all, and what is being done.
    """
    of = sum(_about(connection, table) for table in _TABLES)
    before = 0
    for table in _TABLES:
        place = _place(connection, table)

        def looked_at(done: int, note: str, before: int = before) -> None:
            on_progress(min(before + done, of), of, note)

        while True:
            place, left = _pass(connection, table, place, throttle, looked_at)
            if not left:
                break
            # what others held: they bring it along where they change it, and else it is ours
            place = FIRST
            back_off(3)
        before += _about(connection, table)
        connection.execute("analyze " + ("sales.customers" if table == "customers" else "sales.orders"))
    on_progress(of, of, "rows that were left for later")
    drain(connection, throttle)
    connection.execute("insert into migration.step (name) values ('backfill') on conflict do nothing")


def drain(connection: psycopg.Connection, throttle: MigrationThrottle) -> None:
    """Bring in what can be brought in by now: rows of the quarantine, and those that both sides held at once."""
    for again in range(throttle.max_tries):
        try:
            with connection.transaction():
                connection.execute(_ALL_ROWS)
                row = connection.execute("select migration.settle_all(%s)", [throttle.batch_size]).fetchone()
        except RETRYABLE:
            back_off(again)
            continue
        if not row or row[0] < throttle.batch_size:
            return


def _pass(
    connection: psycopg.Connection,
    table: str,
    place: int,
    throttle: MigrationThrottle,
    tell: Callable[[int, str], None],
) -> tuple[int, int]:
    """Go through a table once, from a place on; gives the place it came to, and how many rows others held."""
    size, tries, done, left, looked = min(200, throttle.batch_size), 0, 0, 0, 0.0
    while True:
        if time.monotonic() - looked > _LOOK or throttle.pause_ms:
            wait_for_others(connection, throttle, lambda note: tell(done, note))  # noqa: B023
            looked = time.monotonic()
        began = time.perf_counter()
        try:
            with connection.transaction():
                connection.execute(
                    f"set local lock_timeout = {max(1, throttle.max_lock_wait_ms // 5)}; set local statement_timeout "
                    f"= {throttle.max_lock_wait_ms * 4};"
                    " set local synchronous_commit = off; set local jit = off".encode()
                )
                connection.execute(_ALL_ROWS)
                row = connection.execute(
                    "select * from migration.backfill(%s, %s, %s)", [table, place, size]
                ).fetchone()
                assert row is not None  # noqa: S101 - the function returns one row
                last, _, held = row
                connection.execute(
                    "insert into migration.step (name, detail) values (%s, %s)"
                    " on conflict (name) do update set detail = excluded.detail, done_at = clock_timestamp()",
                    [f"backfill of {table}", json.dumps({"place": place if last is None else last})],
                )
        except RETRYABLE:
            tries += 1
            if tries > throttle.max_tries and size == 1:
                raise
            size = max(1, size // 4)
            back_off(tries)
            continue
        tries = 0
        if last is None:
            return place, left
        place, left, done = last, left + held, done + size
        tell(done, table)
        took = (time.perf_counter() - began) * 1000
        size = int(size * min(2, max(0.5, throttle.max_lock_wait_ms / _SHARE / took)))
        size = min(throttle.batch_size, max(1, size))


def _place(connection: psycopg.Connection, table: str) -> int:
    """How far an earlier run came."""
    row = connection.execute(
        "select (detail ->> 'place')::bigint from migration.step where name = %s", [f"backfill of {table}"]
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else FIRST


def _about(connection: psycopg.Connection, table: str) -> int:
    """About how many rows a table has: what the server believes, or all of them counted where it believes nothing."""
    row = connection.execute(
        "select reltuples::bigint from pg_class where oid = to_regclass(%s) and relkind = 'r' and reltuples > 0",
        [f"public.{table}"],
    ).fetchone()
    row = row or connection.execute(f"select count(*) from migration.old_{table}".encode()).fetchone()
    return int(row[0]) if row else 0
