"""The throttle of a backfill: pauses for lagging replicas and for sessions that wait for its locks."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from order_audit import session
from order_audit.progress import NoteCallback


@dataclass(frozen=True)
class MigrationThrottle:
    """Limits of a migration.

    `max_lock_wait_ms` is the longest time to block other sessions, `pause_ms` the pause between transactions,
    `max_lag_seconds` the allowed replica lag, `max_tries` the number of tries for a lock.
    """

    batch_size: int = 2_000
    max_lock_wait_ms: int = 500
    pause_ms: int = 0
    max_lag_seconds: float = 10.0
    max_tries: int = 120


_STATE = """
select
  coalesce((select extract(epoch from max(r.replay_lag)) from pg_catalog.pg_stat_replication as r), 0)::float8,
  (select count(*) from pg_catalog.pg_locks as l
   where not l.granted and pg_catalog.pg_backend_pid() = any(pg_catalog.pg_blocking_pids(l.pid)))
"""


def wait_for_others(connection: psycopg.Connection, throttle: MigrationThrottle, on_note: NoteCallback) -> None:
    """Wait until replicas have caught up and no session waits for a lock of this one."""
    if throttle.pause_ms:
        time.sleep(throttle.pause_ms / 1000)
    while True:
        lag, waiting = session.row(connection, _STATE)
        if lag <= throttle.max_lag_seconds and not waiting:
            return
        on_note(
            f"waiting: a replica is {lag:.0f} s behind"
            if lag > throttle.max_lag_seconds
            else "waiting: another session waits for our lock"
        )
        time.sleep(0.5)
