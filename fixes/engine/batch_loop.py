"""Run batches of a work list or of the journal until nothing is left; halve and pass over what fails."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import errors, pq

from order_audit import session
from order_audit.fixes.engine.throttle import LONGEST_WAIT, RETRYABLE, TRIES, Throttle, back_off
from order_audit.fixes.engine.work_list import Namespace

#: How often a batch of one position is tried that does not end in the time that others may wait.
_SLOW: Final = 3
#: How many positions in a row are passed over for which a lock is never to be had, before its trouble is told.
_STUCK: Final = 3
#: Classes of SQLSTATE with which a constraint or a trigger refuses what stands in a row, and a type a value.
_REJECTING: Final = ("22", "23", "44", "P0")
#: How the context of an error begins that happened in a function of somebody else's.
_OTHERS: Final = re.compile(r"PL/pgSQL function (?!order_audit\.|pg_temp)")

_PASS_OVER: Final = {"apply_batch": "refuse", "revert_batch": "keep_back"}
_NEXT: Final = {
    "apply_batch": """
        select t.place, count(*) filter (where t.op <> 'keep')
        from order_audit.todo as t
        where t.rule = %(rule)s and t.place > %(place)s
        group by t.place
        order by t.place
        limit 1
    """,
    "revert_batch": """
        select l.id, count(*)
        from (
          select j.id, j.unit, j.changed_in
          from order_audit.journal as j
          where j.rule = %(rule)s and j.reverted_at is null and j.left_alone is null and j.id < %(place)s
          order by j.id desc
          limit 1
        ) as l
        join order_audit.journal as j on j.rule = %(rule)s and (j.unit, j.changed_in) = (l.unit, l.changed_in)
        group by l.id
    """,
}


def run_batches(
    connection: psycopg.Connection,
    namespace: Namespace,
    function: str,
    rule: str,
    start: int,
    throttle: Throttle,
    *end: int,
) -> Iterator[tuple[int, int, int, int]]:
    """Call a function of the journal from `start` to `end` until nothing is left.

    Yields rows changed, locked, changed concurrently (or in conflict), and rejected.

    A batch is made so small that nobody waits for it longer than a quarter of what they may. One that the database
    refuses is halved until it is a single batch position, which is passed over; and so is one that takes too long by
    itself.
    """
    position, size, tries, slow, stuck, each = start, min(1_000, throttle.batch_size), 0, 0, 0, 0.0
    call = namespace.text(f"select * from order_audit.{function}(%s, %s, %s{', %s' * len(end)})")
    within = connection.info.transaction_status != pq.TransactionStatus.IDLE
    deferred = _deferred(connection) if within else ""
    while True:
        began = time.perf_counter()
        try:
            with connection.transaction():
                if throttle.max_lock_wait_ms:
                    session.set_timeouts(
                        connection,
                        lock=max(1, min(100, throttle.max_lock_wait_ms // 4)),
                        statement=throttle.max_lock_wait_ms,
                    )
                row = session.row(connection, call, [rule, position, size, *end])
                if throttle.max_lock_wait_ms:
                    # what is deferred to the commit, where no timeout holds
                    left = throttle.max_lock_wait_ms - (time.perf_counter() - began) * 1000
                    session.set_timeouts(connection, statement=max(1, int(left)))
                connection.execute("set constraints all immediate")
                if deferred:
                    connection.execute(f"set constraints {deferred} deferred".encode())
        except RETRYABLE as error:
            tries += 1
            slow = slow + 1 if size == 1 and isinstance(error, errors.QueryCanceled) else 0
            if slow >= _SLOW:
                said = too_large(throttle, _next(connection, namespace, function, rule, position)[1], each)
                position, rejected = _pass_over(connection, namespace, function, rule, position, error, said)
                yield 0, 0, 0, rejected
                tries = slow = 0
            elif tries > TRIES and size == 1:
                if stuck == _STUCK:
                    raise
                stuck += 1
                position = _next(connection, namespace, function, rule, position)[0]
                yield 0, 1, 0, 0
                tries = slow = 0
            else:
                size = max(1, size // 4)
                back_off(tries)
            continue
        except psycopg.Error as error:
            if not _is_rejected(error):
                raise
            if size == 1:
                said = error.diag.message_primary or str(error)
                position, rejected = _pass_over(connection, namespace, function, rule, position, error, said)
                yield 0, 0, 0, rejected
            size = max(1, size // 2)
            tries = slow = 0
            continue
        tries = slow = stuck = 0
        if row[0] is None:
            return
        position = row[0]
        took = (time.perf_counter() - began) * 1000
        each = took / row[1] if row[1] else each
        if took < throttle.max_lock_wait_ms / 10 or not throttle.max_lock_wait_ms:
            size = min(throttle.batch_size, size * 2)
        elif took > throttle.max_lock_wait_ms / 4:
            size = max(1, size // 2)
        yield row[1], row[2], row[3], 0
        if throttle.pause_ms:
            time.sleep(throttle.pause_ms / 1000)


def _is_rejected(error: psycopg.Error) -> bool:
    """Whether the database does not want a change: what is in a row, or a trigger of the table that fails."""
    kind = (error.sqlstate or "")[:2]
    return kind in _REJECTING or (kind == "42" and bool(_OTHERS.match(error.diag.context or "")))


def _deferred(connection: psycopg.Connection) -> str:
    """The constraints that are deferred where nobody says otherwise, as SET CONSTRAINTS names them."""
    names = session.scalar(
        connection,
        "select string_agg(distinct format('%I.%I', n.nspname, c.conname), ', ') from pg_constraint as c"
        " join pg_namespace as n on n.oid = c.connamespace where c.condeferred and c.conparentid = 0",
    )
    return names or ""


def _next(
    connection: psycopg.Connection, namespace: Namespace, function: str, rule: str, position: int
) -> tuple[int, int]:
    """Return the batch position that follows one, and its number of rows."""
    # there is one, or it would not have been tried
    following, rows = session.row(connection, namespace.text(_NEXT[function]), {"rule": rule, "place": position})
    return int(following), int(rows)


def too_large(throttle: Throttle, rows: int, each: float) -> str:
    """Say why a batch position is passed over that takes too long; `each` is the ms that a row took elsewhere, or 0."""
    what = f"{rows:,} rows that change together take" if rows > 1 else "the row takes"
    said = f"too large for --max-lock-wait {throttle.max_lock_wait_ms}: {what} longer"
    if throttle.max_lock_wait_ms >= LONGEST_WAIT:
        return f"{said}; in a quiet hour, run the file that 'order-audit fixes emit' writes, which has no such limit"
    enough = (
        math.ceil(max(2 * throttle.max_lock_wait_ms, 2 * each * rows if each else 4 * throttle.max_lock_wait_ms) / 100)
        * 100
    )
    return f"{said}; raise it to {min(LONGEST_WAIT, enough)}"


def _pass_over(
    connection: psycopg.Connection,
    namespace: Namespace,
    function: str,
    rule: str,
    position: int,
    error: psycopg.Error,
    said: str,
) -> tuple[int, int]:
    """Record why the batch position that follows one is passed over; return it, and its number of rows."""
    following, rows = session.row(
        connection,
        namespace.text(f"select * from order_audit.{_PASS_OVER[function]}(%s, %s, %s, %s, %s, %s)"),
        [rule, position, error.sqlstate, error.diag.constraint_name or "", said, error.diag.context or ""],
    )
    return int(following), int(rows)
