"""Report the progress of a long statement, and the sessions that block it, from a second connection."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from order_audit import session
from order_audit.progress import NoteCallback, ignore_note

#: Seconds between two looks.
_BETWEEN: Final = 1.0
#: Seconds of waiting for a session until it is named with the way to end that.
_PATIENCE: Final = 5.0
#: A process in words, from pg_stat_activity as a; its query is visible only with the necessary privileges.
HOLDER: Final = """format(
  'process %%s (%%s)', a.pid, concat_ws(', ', coalesce(a.usename::text, a.backend_type), nullif(a.state, 'active'))
)"""
#: When the transaction of such a process began; hidden without the necessary privileges.
SINCE: Final = "coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'at an unknown time')"
_LOOK: Final = f"""
select h.pid, h.holder, h.way_out,
  (
    select case
        when p.tuples_total > 0 then 100 * p.tuples_done / p.tuples_total
        else 100 * p.blocks_done / nullif(p.blocks_total, 0)
      end || ' %% ' || replace(p.phase, 'building index: ', '')
    from pg_stat_progress_create_index as p
    where p.pid = %(pid)s
  )
from (select) as always
left join (
  select a.pid, {HOLDER},
    format(
      'waits for %%s. Its transaction began %%s. Wait until it ends, or end it: select pg_terminate_backend(%%s)',
      {HOLDER}, {SINCE}, a.pid
    )
  from unnest(pg_blocking_pids(%(pid)s)) as b (pid)
  join pg_stat_activity as a on a.pid = b.pid
  order by a.pid
  limit 1
) as h (pid, holder, way_out) on true
"""


@contextmanager
def reporting_progress(
    connection: psycopg.Connection, on_note: NoteCallback, on_wait: NoteCallback = ignore_note
) -> Iterator[None]:
    """Within this context, report the progress of the connection's index build, and the processes that it waits for.

    `on_wait` receives a sentence on each process once, after five seconds: since when, and how to end the wait. Reports
    nothing if the server has no free connection.
    """
    ended = threading.Event()
    pid = session.scalar(connection, "select pg_backend_pid()")  # a pooler's clients have numbers of their own
    watcher = threading.Thread(target=_watch, args=(connection, pid, on_note, on_wait, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(
    connection: psycopg.Connection, pid: int, on_note: NoteCallback, on_wait: NoteCallback, ended: threading.Event
) -> None:
    if ended.wait(_BETWEEN):  # most are done by then
        return
    try:
        info = connection.info
        since: dict[int, float] = {}
        with psycopg.connect(info.dsn, password=info.password, autocommit=True, connect_timeout=5) as other:
            while not ended.is_set():
                row = other.execute(_LOOK.encode(), {"pid": pid}).fetchone()
                holder, blocker, way_out, done = row or (None,) * 4
                if blocker or done:
                    on_note(f"waits for {blocker}" if blocker else done)
                if holder and time.monotonic() - since.setdefault(holder, time.monotonic()) >= _PATIENCE:
                    since[holder] = math.inf
                    on_wait(way_out)
                ended.wait(_BETWEEN)
    except psycopg.Error:
        return
