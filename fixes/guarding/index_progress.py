"""Report the progress of a long statement, and the sessions that block it, from a second connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from order_audit.progress import NoteCallback

#: Seconds between two looks.
_BETWEEN: Final = 1.0
#: A process in words, from pg_stat_activity as a; its query is visible only with the necessary privileges.
HOLDER: Final = """format(
  'process %%s (%%s)', a.pid, concat_ws(', ', coalesce(a.usename::text, a.backend_type), nullif(a.state, 'active'))
)"""
_LOOK: Final = f"""
select (
    select {HOLDER}
    from unnest(pg_blocking_pids(%(pid)s)) as b (pid)
    join pg_stat_activity as a on a.pid = b.pid
    order by a.pid
    limit 1
  ),
  (
    select case
        when p.tuples_total > 0 then 100 * p.tuples_done / p.tuples_total
        else 100 * p.blocks_done / nullif(p.blocks_total, 0)
      end || ' %% ' || replace(p.phase, 'building index: ', '')
    from pg_stat_progress_create_index as p
    where p.pid = %(pid)s
  )
"""


@contextmanager
def reporting_progress(connection: psycopg.Connection, on_note: NoteCallback) -> Iterator[None]:
    """Within this context, report the progress of the connection's index build, and the processes that it waits for.

    Reports nothing if the server has no free connection.
    """
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(connection, on_note, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(connection: psycopg.Connection, on_note: NoteCallback, ended: threading.Event) -> None:
    if ended.wait(_BETWEEN):  # most are done by then
        return
    try:
        info = connection.info
        with psycopg.connect(info.dsn, password=info.password, autocommit=True, connect_timeout=5) as other:
            while not ended.is_set():
                row = other.execute(_LOOK.encode(), {"pid": info.backend_pid}).fetchone()
                blocker, done = row if row else (None, None)
                if blocker or done:
                    on_note(f"waits for {blocker}" if blocker else done)
                ended.wait(_BETWEEN)
    except psycopg.Error:
        return
