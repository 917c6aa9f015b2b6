"""When a backfill must wait for others: replicas that lag, sessions that wait for a lock of ours."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from order_audit import session
from order_audit.progress import NoteCallback


@dataclass(frozen=True)
class MigrationThrottle:
    """How fast to go.

    `max_lock_wait_ms` is how many milliseconds anybody may wait for us, `pause_ms` milliseconds between transactions,
    `max_lag_seconds` how many seconds a replica may be behind, `max_tries` how often a lock that cannot be had is asked
    for.
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
    """Return once replicas have caught up and nobody waits for a lock of this session."""
    if throttle.pause_ms:
        time.sleep(throttle.pause_ms / 1000)
    while True:
        lag, waiting = session.row(connection, _STATE)
        if lag <= throttle.max_lag_seconds and not waiting:
            return
        on_note(
            f"waiting: a replica is {lag:.0f} s behind"
            if lag > throttle.max_lag_seconds
            else "waiting: somebody waits for us"
        )
        time.sleep(0.5)
