"""Batches of the migration: their size, and the error of rows that others hold."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit.errors import RunError
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.waiting import oldest

#: The share of the allowed wait that a batch should take; at the whole of it, the server ends the batch.
_SHARE: Final = 10
#: The number of tries from which pauses between them grow no more: a second and a quarter on average.
SLOWEST: Final = 6


def next_size(size: int, seconds: float, throttle: MigrationThrottle) -> int:
    """Return the size of the next batch, after one of this size took so long."""
    faster = throttle.max_lock_wait_ms / _SHARE / (1000 * seconds)
    return min(throttle.batch_size, max(1, int(size * min(2, max(0.5, faster)))))


def held(connection: psycopg.Connection, rows: str, tries: int) -> RunError:
    """Return the error of rows that other sessions have locked in all tries, with the oldest of these sessions."""
    _, said, _ = oldest(connection)
    return RunError(
        f"other sessions have locked {rows}, in {tries} tries{f': {said}' if said else ''}. What is copied stays. Wait"
        " until that session ends, or end it, and run the same command again"
    )


def not_built(connection: psycopg.Connection, statement: str, tries: int) -> RunError:
    """Return the error of the builds of indexes, of which a statement got no lock in all tries."""
    _, said, _ = oldest(connection)
    return RunError(
        f"no lock for an index build in {tries} tries ({statement.rstrip(';')}){f': {said}' if said else ''}. Copied"
        " rows and finished indexes stay. Wait until that session ends, or end it, and run the same command again"
    )


def ended(connection: psycopg.Connection, error: psycopg.Error, rows: str, limit_ms: int, tries: int) -> RunError:
    """Return the error of a batch of `rows` whose tries are used up: locked, or longer than its limit each time."""
    if not isinstance(error, psycopg.errors.QueryCanceled):
        return held(connection, f"rows of {rows}", tries)
    return RunError(
        f"a batch of {rows} took longer than {limit_ms} ms, in the last of {tries} tries: each time, it was rolled"
        " back. What is copied stays. Run the same command again when the server is less busy, or give a batch more"
        " time: --max-lock-wait"
    )
