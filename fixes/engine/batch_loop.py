"""Run batches of a work list or of the undo log to the end; halve failing batches and skip failing rows."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import errors, pq

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.fixes.engine.proof import Proof, UnexplainedError
from order_audit.fixes.engine.throttle import LONGEST_WAIT, RETRYABLE, TRIES, Throttle, back_off
from order_audit.fixes.engine.work_list import Namespace

#: Tries of a batch of one position that exceeds the time limit.
_SLOW: Final = 3
#: Consecutive positions that are skipped for want of a lock before the error is raised.
_STUCK: Final = 3
#: Classes of SQLSTATE with which a constraint, trigger or type rejects a row.
_REJECTING: Final = ("22", "23", "27", "44", "P0")
#: Matches the context of an error inside a function that is not ours.
_OTHERS: Final = re.compile(r"PL/pgSQL function (?!order_audit\.|pg_temp)")

_SKIP: Final = {"apply_batch": "refuse", "revert_batch": "keep_back"}
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
    proof: Proof | None = None,
) -> Iterator[tuple[int, int, int, int]]:
    """Call a function of the journal from `start` to `end` until nothing is left.

    Yields rows changed, locked, changed concurrently (or in conflict), and rejected.

    Batch size adapts so that a batch takes at most a quarter of the allowed wait. A batch that the database rejects is
    halved down to one batch position, which is skipped. So is a position that takes too long alone. A batch that did
    more than the undo log has is rolled back, and run again after `proof` fell back to checksums.
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
                counters = proof.counters() if proof is not None else None
                row = session.row(connection, call, [rule, position, size, *end])
                if throttle.max_lock_wait_ms:
                    # check deferred constraints now, because no timeout holds at commit
                    left = throttle.max_lock_wait_ms - (time.perf_counter() - began) * 1000
                    session.set_timeouts(connection, statement=max(1, int(left)))
                connection.execute("set constraints all immediate")
                if deferred:
                    connection.execute(f"set constraints {deferred} deferred".encode())
                if proof is not None and counters is not None:
                    proof.check(counters, rule, row[1], row[4])
        except UnexplainedError as error:
            assert proof is not None  # noqa: S101 - it raised the error
            proof.fall_back(str(error))
            continue
        except RETRYABLE as error:
            refuse_canceled(connection, error)
            tries += 1
            slow = slow + 1 if size == 1 and isinstance(error, errors.QueryCanceled) else 0
            if slow >= _SLOW:
                reason = too_large(throttle, _next(connection, namespace, function, rule, position)[1], each)
                position, rejected = _skip(connection, namespace, function, rule, position, error, reason)
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
                reason = error.diag.message_primary or str(error)
                position, rejected = _skip(connection, namespace, function, rule, position, error, reason)
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
    """Return whether a constraint, type or trigger of the database rejected a change."""
    kind = (error.sqlstate or "")[:2]
    return kind in _REJECTING or (kind == "42" and bool(_OTHERS.match(error.diag.context or "")))


def _deferred(connection: psycopg.Connection) -> str:
    """Return the constraints that are initially deferred, as a list for SET CONSTRAINTS."""
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
    # it exists, because it was tried
    following, rows = session.row(connection, namespace.text(_NEXT[function]), {"rule": rule, "place": position})
    return int(following), int(rows)


def too_large(throttle: Throttle, rows: int, each: float) -> str:
    """Return why a slow batch position is skipped; `each` is the time of a row in ms elsewhere, or 0."""
    subject = f"an atomic group of {rows:,} rows" if rows > 1 else "the row"
    reason = f"too slow for --max-lock-wait {throttle.max_lock_wait_ms}: {subject} takes longer"
    if throttle.max_lock_wait_ms >= LONGEST_WAIT:
        return f"{reason}; at low load, run the file from 'order-audit fixes emit', which has no such limit"
    enough = (
        math.ceil(max(2 * throttle.max_lock_wait_ms, 2 * each * rows if each else 4 * throttle.max_lock_wait_ms) / 100)
        * 100
    )
    return f"{reason}; raise it to {min(LONGEST_WAIT, enough)}"


def _skip(
    connection: psycopg.Connection,
    namespace: Namespace,
    function: str,
    rule: str,
    position: int,
    error: psycopg.Error,
    reason: str,
) -> tuple[int, int]:
    """Record why the next batch position is skipped; return it, and its number of rows."""
    following, rows = session.row(
        connection,
        namespace.text(f"select * from order_audit.{_SKIP[function]}(%s, %s, %s, %s, %s, %s)"),
        [rule, position, error.sqlstate, error.diag.constraint_name or "", reason, error.diag.context or ""],
    )
    return int(following), int(rows)
