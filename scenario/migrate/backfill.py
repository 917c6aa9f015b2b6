"""Copy existing rows in short transactions of adaptive size."""

from __future__ import annotations

import json
import time
from typing import Final

import psycopg

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.fixes.engine.throttle import BUSY, RETRYABLE, back_off
from order_audit.fixes.guarding.index_progress import reporting_progress
from order_audit.fixes.names import row_count
from order_audit.progress import NoteCallback, ProgressCallback, ignore_note
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.batches import SLOWEST, ended, held, next_size, not_built
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.steps import COPYING, FIRST
from order_audit.scenario.migrate.throttle import MigrationThrottle, wait_for_others

_INDEXES: Final = PROPOSED / "deploy" / "indexes.sql"
_TABLES: Final = ("customers", "orders")
#: How pages may be compressed that are logged whole after a checkpoint: not at all by default.
COMPRESSION: Final = """
select case when 'lz4' = any(s.enumvals) then 'lz4' else 'on' end from pg_catalog.pg_settings as s
where s.name = 'wal_compression' and s.setting = 'off' and has_parameter_privilege(s.name, 'set')
"""
#: Seconds between looks at replicas and waiting sessions.
_LOOK: Final = 1.0


def backfill(
    connection: psycopg.Connection,
    throttle: MigrationThrottle,
    on_progress: ProgressCallback,
    on_wait: NoteCallback = ignore_note,
) -> None:
    """Copy missing rows until none is left. May be killed and called again: it continues from its last position.

    The connection is in autocommit mode. `on_progress` receives checked rows, all rows and a note;
    `on_wait` the sessions for which index builds wait.
    """
    of = sum(_about(connection, table) for table in _TABLES)
    before = 0
    if compression := session.scalar(connection, COMPRESSION):  # for the session: builds of indexes log whole pages
        session.configure(connection, [("wal_compression", compression)])
    for table in _TABLES:

        def looked_at(done: int, _of: int, note: str, before: int = before) -> None:
            on_progress(min(before + done, of), of, note)

        _copy(connection, table, throttle, looked_at)
        before += _about(connection, table)
        connection.execute("analyze " + ("sales.customers" if table == "customers" else "sales.orders"))
    copy_left_over(connection, throttle, on_progress)
    build_indexes(connection, throttle, on_progress, on_wait)
    connection.execute("insert into migration.step (name) values ('backfill') on conflict do nothing")


def index_statements(connection: psycopg.Connection) -> list[str]:
    """Return the statements of indexes.sql in their order, one for each line.

    As in psql, the results of a query that ends with `\\gexec` are statements.
    """
    found = []
    for line in _INDEXES.read_text(encoding="utf-8").splitlines():
        if line.endswith("\\gexec"):
            found += [str(statement) for (statement,) in connection.execute(line.removesuffix("\\gexec").encode())]
        elif line and line[:2] != "--":
            found.append(line)
    return found


def build_indexes(
    connection: psycopg.Connection,
    throttle: MigrationThrottle,
    on_progress: ProgressCallback,
    on_wait: NoteCallback = ignore_note,
) -> None:
    """Build the indexes that are cheaper to build once the rows are there. Others go on writing meanwhile.

    Raises RunError if a statement gets no lock in all tries.
    """
    statement = "the search for unfinished ones"
    for attempt in range(throttle.max_tries):
        try:
            statements = index_statements(connection)
            for number, statement in enumerate(statements):

                def on_note(note: str, number: int = number) -> None:
                    on_progress(number, len(statements), f"indexes: {note}")  # noqa: B023

                on_progress(number, len(statements), "indexes")
                # index builds wait for older transactions, and block no session
                with (
                    session.timeouts(connection, lock=0, statement=0),
                    reporting_progress(connection, on_note, on_wait),
                ):
                    connection.execute(statement.encode())
            on_progress(len(statements), len(statements), "indexes")
            return
        except BUSY:
            # the first statements drop an index whose build was interrupted
            if attempt + 1 == throttle.max_tries:
                raise not_built(connection, statement, attempt + 1) from None
            back_off(attempt)


def carry_values(
    connection: psycopg.Connection, table: str, throttle: MigrationThrottle, on_progress: ProgressCallback
) -> bool:
    """Copy the values of carried columns where they differ; return whether any did. May be killed and called again.

    Raises RunError if others hold rows for longer than all tries take.
    """
    position, size, tries, done = FIRST, min(200, throttle.batch_size), 0, 0
    while True:
        began = time.perf_counter()
        try:
            with connection.transaction():
                session.set_timeouts(connection, lock=max(1, throttle.max_lock_wait_ms // 5))
                last = session.scalar(
                    connection, "select migration.copy_next_carried_values(%s, %s, %s)", [table, position, size]
                )
        except BUSY:
            tries += 1
            if tries >= throttle.max_tries:
                raise held(connection, f"rows of {table}", tries) from None
            on_progress(done, 0, f"rows are locked: try {tries + 1} of {throttle.max_tries}")
            size = max(1, size // 4)
            back_off(min(tries, SLOWEST))
            continue
        if last is None:
            return done > 0
        position, done, tries = last, done + size, 0
        size = next_size(size, time.perf_counter() - began, throttle)
        on_progress(done, 0, "rows")
        wait_for_others(connection, throttle, lambda note: on_progress(done, 0, note))  # noqa: B023


def _copy(
    connection: psycopg.Connection, table: str, throttle: MigrationThrottle, on_progress: ProgressCallback
) -> None:
    """Go through a table until no row is left: each pass leaves out rows that others hold.

    Raises RunError if others hold rows in all passes, or if a batch fails in all tries.
    """
    (position, left), tries, fewest = _position(connection, table), 0, 0
    while left := _pass(connection, table, position, left, throttle, on_progress):
        # their writers' triggers copy them; the next pass copies those that were only locked
        tries = tries + 1 if 0 < fewest <= left else 1
        if tries >= throttle.max_tries:
            raise held(connection, f"{row_count(left)} of {table}", tries)
        fewest = left
        on_progress(0, 0, f"locked: {row_count(left)} of {table}; pass {tries + 1} of {throttle.max_tries}")
        position, left = FIRST, 0
        back_off(min(tries, SLOWEST))


def _pass(
    connection: psycopg.Connection,
    table: str,
    position: int,
    left: int,
    throttle: MigrationThrottle,
    on_progress: ProgressCallback,
) -> int:
    """Go through a table once, from a place before which others held `left` rows; return how many they held in all.

    Raises RunError if a batch fails in all tries, each smaller than the one before.
    """
    size, tries, done, looked = min(200, throttle.batch_size), 0, 0, 0.0
    while True:
        if time.monotonic() - looked > _LOOK or throttle.pause_ms:
            wait_for_others(connection, throttle, lambda note: on_progress(done, 0, note))  # noqa: B023
            looked = time.monotonic()
        began = time.perf_counter()
        try:
            with connection.transaction():
                session.set_timeouts(
                    connection, lock=max(1, throttle.max_lock_wait_ms // 5), statement=throttle.max_lock_wait_ms
                )
                session.configure(connection, COPYING, local=True)
                last, _, held = session.row(
                    connection, "select * from migration.backfill(%s, %s, %s)", [table, position, size]
                )
                connection.execute(
                    "insert into migration.step (name, detail) values (%s, %s)"
                    " on conflict (name) do update set detail = excluded.detail, done_at = clock_timestamp()",
                    [
                        f"backfill of {table}",
                        json.dumps({"place": position if last is None else last, "held": left + held}),
                    ],
                )
        except RETRYABLE as error:
            refuse_canceled(connection, error)
            tries += 1
            if tries >= throttle.max_tries:
                raise ended(connection, error, table, throttle.max_lock_wait_ms, tries) from None
            size = max(1, size // 4)
            back_off(tries)
            continue
        tries = 0
        if last is None:
            return left
        position, left, done = last, left + held, done + size
        on_progress(done, 0, table)
        size = next_size(size, time.perf_counter() - began, throttle)


def _position(connection: psycopg.Connection, table: str) -> tuple[int, int]:
    """How far an earlier run came, and how many rows others held by then."""
    row = connection.execute(
        "select (detail ->> 'place')::bigint, coalesce((detail ->> 'held')::bigint, 0) from migration.step"
        " where name = %s",
        [f"backfill of {table}"],
    ).fetchone()
    return row or (FIRST, 0)


def _about(connection: psycopg.Connection, table: str) -> int:
    """About how many rows a table has: what the server believes, or all of them counted where it believes nothing."""
    believed = session.scalar(
        connection,
        "select reltuples::bigint from pg_class where oid = to_regclass(%s) and relkind = 'r' and reltuples > 0",
        [f"public.{table}"],
    )
    return int(believed or session.scalar(connection, f"select count(*) from migration.old_{table}"))
