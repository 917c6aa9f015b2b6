"""Run a file until it has its locks, and name the session that may keep it from them."""

from __future__ import annotations

import time
from typing import Final

import psycopg

from order_audit.errors import RefusalError
from order_audit.fixes.engine.throttle import RETRYABLE, back_off
from order_audit.fixes.guarding.index_progress import HOLDER, SINCE
from order_audit.progress import NoteCallback, ProgressCallback
from order_audit.scenario.migrate.steps import execute
from order_audit.scenario.migrate.throttle import MigrationThrottle

#: Seconds of tries until `on_wait` receives a sentence.
_PATIENCE: Final = 5.0
#: The oldest transaction with a lock on a table of the migration. Whether the lock is in the way, the server says only
#: while a step waits for it, which is too short to look.
_OLDEST: Final = f"""
select a.pid, format(
    'the oldest transaction with a lock on these tables is that of %%s; it began %%s', {HOLDER}, {SINCE}
  )
from pg_catalog.pg_stat_activity as a
where a.datname = current_database() and a.pid <> pg_backend_pid() and exists (
  select from pg_catalog.pg_locks as l
  join pg_catalog.pg_class as c on c.oid = l.relation
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where l.pid = a.pid and l.granted and l.locktype = 'relation' and l.database = (
      select d.oid from pg_catalog.pg_database as d where d.datname = current_database()
    )
    and (n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')
      or (n.nspname = 'public' and c.relname in ('customers', 'orders')))
)
order by a.xact_start
limit 1
"""


def until_locked(
    connection: psycopg.Connection,
    text: str,
    throttle: MigrationThrottle,
    on_progress: ProgressCallback,
    on_wait: NoteCallback,
) -> int:
    """Run a file until it gets its locks; return the number of failed tries. Other sessions continue between tries.

    `on_wait` receives a sentence on each session that may hold them, after five seconds.
    """
    began, named, said = time.monotonic(), set[int](), ""
    for tries in range(throttle.max_tries):
        try:
            execute(connection, text)
        except RETRYABLE:
            pid, said = connection.execute(_OLDEST.encode(), {}).fetchone() or (0, "")
            on_progress(
                tries + 1, throttle.max_tries, f"the tables are locked: trying again{f'; {said}' if said else ''}"
            )
            if pid and pid not in named and time.monotonic() - began >= _PATIENCE:
                named.add(pid)
                on_wait(
                    f"the tables are locked: {said}. Wait until it ends, or end it: select pg_terminate_backend({pid})"
                )
            back_off(min(tries, 6))
        else:
            return tries
    raise RefusalError(
        f"no locks after {throttle.max_tries} tries: {said or 'a long transaction held the tables'}."
        " Wait until it ends, or end it, and run the same command again"
    )
