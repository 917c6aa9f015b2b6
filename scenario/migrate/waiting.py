"""Run a file until it has its locks, and name the session that may hold them."""

from __future__ import annotations

import time
from typing import Final

import psycopg

from order_audit.canceled import refuse_canceled
from order_audit.errors import RefusalError, RunError
from order_audit.fixes.engine.throttle import RETRYABLE, back_off
from order_audit.fixes.guarding.index_progress import HOLDER, SINCE
from order_audit.progress import NoteCallback, ProgressCallback
from order_audit.scenario.migrate.steps import execute
from order_audit.scenario.migrate.throttle import MigrationThrottle

#: Seconds of tries until `on_wait` receives a sentence.
_PATIENCE: Final = 5.0
#: Tries of a file that takes longer than its own statement_timeout, while it holds its locks.
_SLOW: Final = 3
#: The oldest transaction with a lock on a table of the migration. Whether the lock conflicts, the server says only
#: while a step waits for it, which is too short to look. Without the privilege, times are hidden.
_OLDEST: Final = f"""
select a.pid, format(
    '%%s transaction with a lock on these tables is that of %%s; it began %%s',
    case when pg_has_role('pg_read_all_stats', 'usage') then 'the oldest' else 'a' end, {HOLDER}, {SINCE}
  ), case
    when a.backend_type is distinct from 'autovacuum worker' then
      format('Wait until it ends, or end it: select pg_terminate_backend(%%s)', a.pid)
    when a.query ~ 'to prevent wraparound' then
      'Wait until it ends: the server needs it against the wraparound of transaction numbers'
    when not has_parameter_privilege('deadlock_timeout', 'set') then format(
      'Wait until it ends. A superuser lets steps end it: grant set on parameter deadlock_timeout to %%I', current_user
    )
    else 'The server ends it for the step'
  end
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


def oldest(connection: psycopg.Connection) -> tuple[int, str, str]:
    """Return the oldest session with a lock on a table of the migration, a sentence on it, and what to do about it.

    (0, "", "") if none has.
    """
    return connection.execute(_OLDEST.encode(), {}).fetchone() or (0, "", "")


def until_locked(
    connection: psycopg.Connection,
    text: str,
    throttle: MigrationThrottle,
    on_progress: ProgressCallback,
    on_wait: NoteCallback,
) -> int:
    """Run a file until it gets its locks; return the number of failed tries. Other sessions continue between tries.

    `on_wait` receives a sentence on each session that may hold them, after five seconds. Raises CanceledError where
    another session canceled it, RefusalError without locks, RunError if it takes longer than its own limit.
    """
    began, named, said, way_out, slow = time.monotonic(), set[int](), "", "", 0
    for tries in range(throttle.max_tries):
        try:
            execute(connection, text)
        except RETRYABLE as error:
            refuse_canceled(connection, error)
            slow += isinstance(error, psycopg.errors.QueryCanceled)
            if slow == _SLOW:
                raise RunError(
                    f"a statement of this step took longer than its statement_timeout, {slow} times: each time, the"
                    " step was rolled back. Run the same command again when the server is less busy"
                ) from None
            pid, said, way_out = oldest(connection)
            on_progress(
                tries + 1, throttle.max_tries, f"the tables are locked: trying again{f'; {said}' if said else ''}"
            )
            if pid and pid not in named and time.monotonic() - began >= _PATIENCE:
                named.add(pid)
                on_wait(f"the tables are locked: {said}. {way_out}")
            # long enough for others to catch up: each try holds them up for a lock timeout
            back_off(min(tries + 3, 6))
        else:
            return tries
    raise RefusalError(
        f"no locks after {throttle.max_tries} tries: {said or 'a long transaction held the tables'}."
        f" {way_out or 'Wait until it ends, or end it'}. Then run the same command again"
    )
