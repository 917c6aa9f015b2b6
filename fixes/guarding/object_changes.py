"""Create and drop the objects of a guard while applications work: short locks, retries, patience."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count as numbers
from typing import Final

import psycopg
from psycopg import errors

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.fixes.engine.throttle import BUSY, RETRYABLE, Throttle, back_off
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_error import HeldError
from order_audit.fixes.guarding.guard_object import GuardObject, GuardStatement, State
from order_audit.fixes.guarding.guard_state import error_line
from order_audit.fixes.guarding.index_progress import HOLDER, reporting_progress
from order_audit.fixes.guarding.indexes import Index
from order_audit.fixes.guarding.tables import CustomStatement
from order_audit.progress import NoteCallback, ignore_note

#: How often a statement is tried that others keep from its lock: some minutes. Once a guard was given up for that: some
#: seconds, for the others would be kept waiting by the same.
TRIES: Final = 100
_HURRIED_TRIES: Final = 10
#: Retries of an index build that deadlocks with another one.
_BUILDS: Final = 3
#: lock_timeout in ms for locks that block no other session; and after a guard has failed because of it.
_PATIENCE: Final = 600_000
_HURRIED_PATIENCE: Final = 10_000


@dataclass(frozen=True)
class GuardSite:
    """The connection, throttle and progress callback of guard installation."""

    connection: psycopg.Connection
    pace: Throttle
    on_note: NoteCallback = ignore_note
    hurried: bool = False


def create_object(site: GuardSite, guard_object: GuardObject, present: State, guard: Guard) -> None:
    for attempt in numbers(1):
        if isinstance(guard_object, Index) and (present == "invalid" or attempt > 1):
            drop_objects(site, [guard_object], guard)
        try:
            for statement in guard_object.create_sql():
                run_statement(site, statement, guard)
        except BUSY:
            if attempt >= _BUILDS:
                raise
            back_off(attempt)
        else:
            return


def drop_objects(site: GuardSite, objects: list[GuardObject], guard: Guard) -> bool:
    gone = False
    for guard_object in reversed(objects):
        there = f"select where {guard_object.exists_sql(valid=False)}"
        if not isinstance(guard_object, CustomStatement) and site.connection.execute(there.encode()).rowcount:
            if _is_strange(site.connection, guard_object):
                continue
            try:
                for statement in guard_object.drop_sql():
                    run_statement(site, statement, guard)
            except errors.DependentObjectsStillExist:
                # the trigger belongs to a renamed table: only the objects that it requires are left
                return gone
            gone = True
    return gone


def _is_strange(connection: psycopg.Connection, guard_object: GuardObject) -> bool:
    """Whether what has a part's name is something else: by its definition, or on a table without such columns."""
    try:
        return guard_object.state(connection) == "different"
    except (errors.UndefinedColumn, errors.UndefinedTable):
        return True


def _send(connection: psycopg.Connection, statement: GuardStatement) -> None:
    """Run what a guard is made of: a function comes with its grant, which no cursor for one statement takes."""
    psycopg.Cursor(connection).execute(statement.text.encode())


def run_statement(site: GuardSite, statement: GuardStatement, guard: Guard) -> None:
    """Run a statement; one that others may wait for is tried again and again, and never waits long."""
    connection, most = site.connection, site.pace.max_lock_wait_ms
    brief = statement.how == "brief"
    patience = _HURRIED_PATIENCE if site.hurried else _PATIENCE
    wait = 0 if not most else max(1, min(100, most // 5)) if brief else patience
    for attempt in numbers(1):
        try:
            if statement.how == "outside":
                with session.timeouts(connection, lock=wait, statement=0), reporting_progress(connection, site.on_note):
                    _send(connection, statement)
            else:
                with connection.transaction():
                    session.set_timeouts(connection, lock=wait, statement=most if brief else 0)
                    _send(connection, statement)
        except RETRYABLE as error:
            refuse_canceled(connection, error)
            if not brief and not isinstance(error, errors.LockNotAvailable):
                raise
            held = _holders(connection, guard, statement)
            if not brief or attempt >= (_HURRIED_TRIES if site.hurried else TRIES):
                often = f"{attempt} times" if brief else f"for {patience // 1000} s"
                raise HeldError(guard, f"{error_line(error)}, {often}: {held}") from error
            site.on_note(held)
            back_off(attempt)
        else:
            return


def _holders(connection: psycopg.Connection, guard: Guard, statement: GuardStatement) -> str:
    """Who is in our way: holds locks on the guard's tables or, where we wait for long, has a transaction open."""
    tables = [guard_object.table for guard_object in guard.objects if guard_object.table]
    tables += [name for guard_object in guard.objects for name in guard_object.others]
    # adding a foreign key or trigger does not block reads
    beside_readers = re.search("add constraint .* foreign key|create constraint trigger", statement.text) is not None
    rows = connection.execute(
        f"""
        select distinct l.pid, {HOLDER}
        from pg_locks as l
        join pg_stat_activity as a on a.pid = l.pid
        where l.granted and l.pid <> pg_backend_pid() and case
          when %(brief)s
          then l.relation = any (select to_regclass(t) from unnest(%(tables)s::text[]) as t)
            and not (%(beside_readers)s and l.mode in ('AccessShareLock', 'RowShareLock'))
          else l.locktype = 'virtualxid' and a.datname = current_database()
        end
        order by l.pid
        """.encode(),
        {"brief": statement.how == "brief", "tables": tables, "beside_readers": beside_readers},
    ).fetchall()
    held = ", ".join(session_text for _, session_text in rows[:5]) + (" …" if len(rows) > 5 else "")
    return f"held by {held}" if held else "held by others"
