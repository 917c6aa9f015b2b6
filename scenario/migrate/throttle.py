"""The throttle of a backfill: pauses for lagging replicas and for sessions that wait for its locks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit import session
from order_audit.errors import RefusalError
from order_audit.progress import NoteCallback


@dataclass(frozen=True)
class MigrationThrottle:
    """Limits of a migration.

    `max_lock_wait_ms` is the longest time to block other sessions, `pause_ms` the pause between transactions,
    `max_lag_seconds` the allowed replica lag (0: no limit), `max_tries` the number of tries for a lock.
    """

    batch_size: int = 2_000
    max_lock_wait_ms: int = 500
    pause_ms: int = 0
    max_lag_seconds: float = 10.0
    max_tries: int = 120


#: An idle replica has no lag, which the server reports as NULL; so are figures that a role may not see.
_STATE: Final = """
select
  coalesce((select extract(epoch from max(r.replay_lag)) from pg_catalog.pg_stat_replication as r), 0)::float8,
  (select count(*) from pg_catalog.pg_stat_replication where not pg_has_role('pg_read_all_stats', 'usage')),
  quote_ident(current_user),
  (select count(*) from pg_catalog.pg_locks as l
   where not l.granted and pg_catalog.pg_backend_pid() = any(pg_catalog.pg_blocking_pids(l.pid)))
"""


def wait_for_others(connection: psycopg.Connection, throttle: MigrationThrottle, on_note: NoteCallback) -> None:
    """Wait until replicas have caught up and no session waits for a lock of this one.

    Raises RefusalError where this role may not see how far they are behind.
    """
    if throttle.pause_ms:
        time.sleep(throttle.pause_ms / 1000)
    while True:
        lag, hidden, role, waiting = session.row(connection, _STATE)
        if throttle.max_lag_seconds and hidden:
            raise RefusalError(
                f"--max-replica-lag: this role may not see how far replicas are behind (connected: {hidden}): an"
                f" administrator runs 'grant pg_read_all_stats to {role}'; or go on without this limit:"
                " --max-replica-lag 0. What is copied stays"
            )
        is_behind = 0 < throttle.max_lag_seconds < lag
        if not is_behind and not waiting:
            return
        on_note(
            f"waiting: a replica is {lag:.0f} s behind" if is_behind else "waiting: another session waits for our lock"
        )
        time.sleep(0.5)
