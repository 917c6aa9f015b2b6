"""Copy the rows that were left for later: those in quarantine whose faults are gone, and those with a note."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.fixes.engine.throttle import BUSY, LONGEST_WAIT, RETRYABLE, back_off
from order_audit.fixes.names import row_count
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.scenario.migrate.batches import SLOWEST, ended, held, next_size
from order_audit.scenario.migrate.steps import FIRST
from order_audit.scenario.migrate.throttle import MigrationThrottle, wait_for_others

#: The name of this work in a progress.
LEFT: Final = "rows left for later"
_TABLES: Final = ("customers", "orders")
_COUNT: Final = """
select (select count(*) from migration.quarantined), (select count(*) from migration.pending)
"""
#: The next rows with a note (`migration.pending`): their new side lacks a change that no session has copied since.
_PENDING: Final = """
select array_agg(n.id order by n.id)
from (select p.id from migration.pending as p where p.tab = %s and p.id > %s order by p.id limit %s) as n
"""


def copy_left_over(
    connection: psycopg.Connection, throttle: MigrationThrottle, on_progress: ProgressCallback = ignore_progress
) -> int:
    """Copy the rows whose reason to wait is gone, in one pass over them; return how many it tried to copy.

    Rows with a note are tried again until none is left. `on_progress` receives rows looked at, all rows and a note, at
    last the number of the remaining ones. Raises RunError if others hold rows for longer than all tries take, or if a
    single row takes longer than its limit each time.
    """
    of = sum(_count(connection, throttle))
    done = tried = 0
    for table in _TABLES:

        def judged(position: int, size: int, table: str = table) -> tuple[int | None, int]:
            nonlocal tried
            last, now = session.row(
                connection, "select * from migration.copy_next_left_over(%s, %s, %s)", [table, position, size]
            )
            tried += now
            return last, size

        done = _in_batches(connection, throttle, table, judged, on_progress, done, of)
    tries = 1
    while left := session.scalar(connection, "select count(*) from migration.pending"):
        if tries >= throttle.max_tries:
            raise held(connection, f"{row_count(left)} that both sides have written", tries)
        tries += 1
        on_progress(done, of, f"locked by both sides: {row_count(left)}; try {tries} of {throttle.max_tries}")
        back_off(min(tries - 1, SLOWEST))
        for table in _TABLES:

            def copy(position: int, size: int, table: str = table) -> tuple[int | None, int]:
                ids = session.scalar(connection, _PENDING, [table, position, size])
                if ids is None:
                    return None, 0
                connection.execute("select migration.copy_to_new(%s, %s)", [table, ids])
                return ids[-1], 0

            _in_batches(connection, throttle, table, copy, on_progress, done, of)
    if of:
        remaining, _ = _count(connection, throttle)
        on_progress(of, of, f"tried to copy {row_count(tried)}; in quarantine: {row_count(remaining)}")
    return tried


def _count(connection: psycopg.Connection, throttle: MigrationThrottle) -> tuple[int, int]:
    """Return the rows in quarantine and those that both sides held; zeros where another session has the tables."""
    with suppress(*BUSY), connection.transaction():
        session.set_timeouts(connection, lock=max(1, throttle.max_lock_wait_ms // 5))
        quarantined, pending = session.row(connection, _COUNT)
        return quarantined, pending
    return 0, 0


def _in_batches(
    connection: psycopg.Connection,
    throttle: MigrationThrottle,
    table: str,
    batch: Callable[[int, int], tuple[int | None, int]],
    on_progress: ProgressCallback,
    done: int,
    of: int,
) -> int:
    """Run batches, each from the place where the one before ended (None: it was the last); return the rows looked at.

    A batch gets a place and a number of rows, and returns its end and the number of rows that it has looked at. Each is
    limited as those of the backfill. One row can be a customer with all its orders: it gets twice the time with each
    try.
    """
    position, size, tries, note = FIRST, min(200, throttle.batch_size), 0, f"{table} that were left for later"
    while True:
        began = time.perf_counter()
        limit = throttle.max_lock_wait_ms
        if size == 1:
            limit = min(max(limit, LONGEST_WAIT), limit * 2 ** min(tries, 10))
        try:
            with connection.transaction():
                session.set_timeouts(connection, lock=max(1, throttle.max_lock_wait_ms // 5), statement=limit)
                session.configure(connection, [session.ALL_ROWS], local=True)
                last, looked = batch(position, size)
        except RETRYABLE as error:
            refuse_canceled(connection, error)
            tries += 1
            if tries >= throttle.max_tries:
                raise ended(connection, error, note, limit, tries) from None
            on_progress(done, of, f"{note}: try {tries + 1} of {throttle.max_tries}")
            size = max(1, size // 4)
            back_off(min(tries, SLOWEST))
            continue
        if last is None:
            return done
        position, done, tries = last, min(done + looked, of), 0
        size = next_size(size, time.perf_counter() - began, throttle)
        on_progress(done, of, note)
        wait_for_others(connection, throttle, lambda note: on_progress(done, of, note))  # noqa: B023
