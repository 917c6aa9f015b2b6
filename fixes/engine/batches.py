"""Change the rows of a fix, batch by batch, and put them back."""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors, pq

from order_audit import session
from order_audit.fixes.engine.work_list import TARGET, Namespace, work_list_sql
from order_audit.fixes.fix import Fix, Option, journal
from order_audit.progress import ProgressCallback, ignore_progress

#: How often a batch of one row is tried before its trouble is told.
TRIES: Final = 20
#: What the server says where somebody else was in the way. A lock that we wait for is given up long before the server
#: would look for a deadlock, so that none that we are part of reaches an application.
RETRYABLE: Final = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, errors.SerializationFailure)
#: Changed rows for which no table is vacuumed.
_FEW: Final = 10_000
#: How often a batch of one place is tried that does not end in the time that others may wait.
_SLOW: Final = 3
#: The longest wait that --max-lock-wait takes, in milliseconds.
LONGEST_WAIT: Final = 60_000
#: How many places in a row are passed over for which a lock is never to be had, before its trouble is told.
_STUCK: Final = 3
#: Classes of SQLSTATE with which a constraint or a trigger refuses what stands in a row, and a type a value.
_REFUSED: Final = ("22", "23", "44", "P0")
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


@dataclass(frozen=True)
class Throttle:
    """How fast to go: places per batch, milliseconds that anybody may wait for us, milliseconds between batches.

    With `max_lock_wait_ms` 0 nobody else is there. `vacuum_after` is the number of changed rows after which a table is
    vacuumed at the latest, 0 for never; a tenth of its rows is enough, so that it grows by little more than that.
    `max_rounds` is how often rows are tried that others held or changed meanwhile.
    """

    batch_size: int = 10_000
    max_lock_wait_ms: int = 500
    pause_ms: int = 0
    vacuum_after: int = 500_000
    max_rounds: int = 6


@dataclass
class OptionOutcome:
    """What became of an option: rows changed, places left because somebody held them or changed them meanwhile.

    `rejected` are the rows that the database refused to change, or that would have held others up for too long; they
    stand in `order_audit.refused`. `seconds` is how long it took.
    """

    changed: int = 0
    locked: int = 0
    changed_concurrently: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def again(self, later: OptionOutcome) -> None:
        """Add what became of the option at its next turn: what was left before is in it."""
        self.changed += later.changed
        self.locked, self.changed_concurrently, self.rejected = later.locked, later.changed_concurrently, later.rejected
        self.seconds = round(self.seconds + later.seconds, 3)


def install(connection: psycopg.Connection, namespace: Namespace) -> None:
    """Make list and journal, where they are not there yet, and set what our sessions set."""
    text = journal()
    if namespace is not TARGET:
        text = re.sub(r"^(create schema|revoke) .*;$", "", text, flags=re.MULTILINE).replace("unlogged ", "")
    session.configure(connection)
    session.check_client(connection)
    psycopg.Cursor(connection).execute(
        namespace.text(text).encode()
    )  # a script, which no cursor for one statement takes


def apply(
    connection: psycopg.Connection,
    fix: Fix,
    option: Option,
    namespace: Namespace,
    throttle: Throttle,
    on_progress: ProgressCallback = ignore_progress,
    listed: Callable[[int], None] = lambda _rows: None,
) -> OptionOutcome:
    """Apply an option until nothing is left of it. The connection commits by itself, or all is one transaction.

    Rows that others hold are tried again, with a growing pause; what is left after the last round is told. Those that
    the database refuses are passed over. `listed` is called with their number whenever rows that are to be
    changed stand on the list.
    """
    done = OptionOutcome()
    began = time.perf_counter()
    tables = changes(option)
    most = dead_rows(connection, tables, throttle) if connection.autocommit else 0
    since = 0
    for again in range(throttle.max_rounds):
        wanted = list_rows(connection, fix, option, namespace)
        done.locked = done.changed_concurrently = done.rejected = 0
        if not wanted:
            break
        listed(wanted)
        if refused := _unindexed(connection, fix, namespace):
            done.rejected = refused
            break
        before = done.changed
        on_progress(before, before + wanted, "")
        for changed, busy, stale, refused in _batches(connection, namespace, "apply_batch", fix.rule.id, 0, throttle):
            done.changed += changed
            done.locked += busy
            done.changed_concurrently += stale
            done.rejected += refused
            since += changed
            on_progress(done.changed, before + wanted, "")
            if most and since >= most:
                vacuum(connection, tables)
                since = 0
        # what was refused may pass once another row is changed
        if not done.locked and not done.changed_concurrently and not (done.rejected and done.changed > before):
            break
        back_off(again)
    done.seconds = round(time.perf_counter() - began, 3)
    return done


def list_rows(connection: psycopg.Connection, fix: Fix, option: Option, namespace: Namespace) -> int:
    """List anew what an option would change now; gives the number of rows."""
    with connection.transaction():
        connection.execute(namespace.text("delete from order_audit.todo where rule = %s").encode(), [fix.rule.id])
        connection.execute(
            namespace.text("delete from order_audit.refused where rule = %s and option = %s").encode(),
            [fix.rule.id, option.name],
        )
        for statement in work_list_sql(connection, fix, option, namespace):
            connection.execute(namespace.text(statement).encode())
        listed = "select count(*) from order_audit.todo where rule = %s and op <> 'keep'"
        return int(session.scalar(connection, namespace.text(listed), [fix.rule.id]))


def _unindexed(connection: psycopg.Connection, fix: Fix, namespace: Namespace) -> int:
    """Refuse all that is listed where each row deleted would make the server read a large table; gives the rows."""
    refuse = (
        "select order_audit.refuse_all(%(rule)s, '55000', u.why) from order_audit.unindexed(%(rule)s) as u (why)"
        " where u.why is not null"
    )
    return int(session.scalar(connection, namespace.text(refuse), {"rule": fix.rule.id}) or 0)


def revert(
    connection: psycopg.Connection,
    rule: str,
    namespace: Namespace,
    throttle: Throttle,
    on_progress: ProgressCallback = ignore_progress,
    stretch: tuple[int, int] = (0, 2**62),
) -> OptionOutcome:
    """Put a rule's changes back, the last first; those in a stretch of the journal, from its first row to its last.

    `stale` counts what somebody changed since, `refused` what the database refuses to have again: both are left alone.
    """
    done = OptionOutcome()
    connection.execute(  # what was left alone before may be as we left it again
        namespace.text(
            "update order_audit.journal set left_alone = null where rule = %s and reverted_at is null"
            " and left_alone is not null and id between %s and %s"
        ).encode(),
        [rule, *stretch],
    )
    by_table: dict[str, int] = dict(
        connection.execute(
            namespace.text(
                "select tab, count(*) from order_audit.journal"
                " where rule = %s and reverted_at is null and id between %s and %s group by tab"
            ).encode(),
            [rule, *stretch],
        ).fetchall()
    )
    tables, rows = set(by_table), sum(by_table.values())
    most = dead_rows(connection, tables, throttle) if connection.autocommit else 0
    since = 0
    for again in range(throttle.max_rounds):
        done.locked = 0
        for changed, busy, alone, refused in _batches(
            connection, namespace, "revert_batch", rule, stretch[1] + 1, throttle, stretch[0]
        ):
            done.changed += changed
            done.locked += busy
            done.changed_concurrently += alone
            done.rejected += refused
            since += changed
            on_progress(done.changed, rows, "")
            if most and since >= most:
                vacuum(connection, tables)
                since = 0
        if not done.locked:
            break
        back_off(again)
    return done


def changes(option: Option) -> set[str]:
    """The tables that an option changes; rows that it adds to ours do not count."""
    return {change.table for change in option.changes if change.op != "insert"}


def dead_rows(connection: psycopg.Connection, tables: set[str], throttle: Throttle) -> int:
    """How many rows of the smallest of the tables may be changed before a VACUUM makes room again; 0 for any number."""
    if not throttle.vacuum_after:
        return 0
    rows = session.scalar(
        connection,
        """
        select min(t.rows)
        from (
          select sum(greatest(c.reltuples, 0))::bigint as rows
          from unnest(%s::text[]) as n (name)
          cross join lateral (
            select to_regclass(n.name)::oid union select q.relid from pg_partition_tree(to_regclass(n.name)) as q
          ) as p (relid)
          join pg_class as c on c.oid = p.relid
          group by n.name
        ) as t
        where t.rows > 0
        """,
        [sorted(tables)],
    )
    if rows is None:  # nobody has counted them
        return throttle.vacuum_after
    return min(throttle.vacuum_after, max(_FEW, int(rows) // 10))


def vacuum(connection: psycopg.Connection, tables: set[str]) -> None:
    """Make room again that changed rows left behind, so that the tables do not grow; nobody has to wait for it."""
    # or what this session has yet to tell of dead rows would be counted after it
    connection.execute("select pg_stat_force_next_flush()")
    for table in sorted(tables):
        connection.execute(f"vacuum (truncate off) {table}".encode())


def _batches(
    connection: psycopg.Connection,
    namespace: Namespace,
    function: str,
    rule: str,
    start: int,
    throttle: Throttle,
    *end: int,
) -> Iterator[tuple[int, int, int, int]]:
    """Call a function of the journal from `start` to `end` until nothing is left; gives rows done, busy, left, refused.

    A batch is made so small that nobody waits for it longer than a quarter of what they may. One that the database
    refuses is halved until it is a single place, which is passed over; and so is a place that takes too long by itself.
    """
    place, size, tries, slow, stuck, each = start, min(1_000, throttle.batch_size), 0, 0, 0, 0.0
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
                row = session.row(connection, call, [rule, place, size, *end])
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
                said = _too_large(throttle, _next(connection, namespace, function, rule, place)[1], each)
                place, refused = _pass_over(connection, namespace, function, rule, place, error, said)
                yield 0, 0, 0, refused
                tries = slow = 0
            elif tries > TRIES and size == 1:
                if stuck == _STUCK:
                    raise
                stuck += 1
                place = _next(connection, namespace, function, rule, place)[0]
                yield 0, 1, 0, 0
                tries = slow = 0
            else:
                size = max(1, size // 4)
                back_off(tries)
            continue
        except psycopg.Error as error:
            if not _is_refused(error):
                raise
            if size == 1:
                said = error.diag.message_primary or str(error)
                place, refused = _pass_over(connection, namespace, function, rule, place, error, said)
                yield 0, 0, 0, refused
            size = max(1, size // 2)
            tries = slow = 0
            continue
        tries = slow = stuck = 0
        if row[0] is None:
            return
        place = row[0]
        took = (time.perf_counter() - began) * 1000
        each = took / row[1] if row[1] else each
        if took < throttle.max_lock_wait_ms / 10 or not throttle.max_lock_wait_ms:
            size = min(throttle.batch_size, size * 2)
        elif took > throttle.max_lock_wait_ms / 4:
            size = max(1, size // 2)
        yield row[1], row[2], row[3], 0
        if throttle.pause_ms:
            time.sleep(throttle.pause_ms / 1000)


def _is_refused(error: psycopg.Error) -> bool:
    """Whether the database does not want a change: what is in a row, or a trigger of the table that fails."""
    kind = (error.sqlstate or "")[:2]
    return kind in _REFUSED or (kind == "42" and bool(_OTHERS.match(error.diag.context or "")))


def _deferred(connection: psycopg.Connection) -> str:
    """The constraints that are deferred where nobody says otherwise, as SET CONSTRAINTS names them."""
    names = session.scalar(
        connection,
        "select string_agg(distinct format('%I.%I', n.nspname, c.conname), ', ') from pg_constraint as c"
        " join pg_namespace as n on n.oid = c.connamespace where c.condeferred and c.conparentid = 0",
    )
    return names or ""


def _next(
    connection: psycopg.Connection, namespace: Namespace, function: str, rule: str, place: int
) -> tuple[int, int]:
    """The place that comes after one, and how many rows it has."""
    # there is one, or it would not have been tried
    following, rows = session.row(connection, namespace.text(_NEXT[function]), {"rule": rule, "place": place})
    return int(following), int(rows)


def _too_large(throttle: Throttle, rows: int, each: float) -> str:
    """Why a place is passed over that takes too long; `each` is how many ms a row took elsewhere, 0 if unknown."""
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
    place: int,
    error: psycopg.Error,
    said: str,
) -> tuple[int, int]:
    """Write down why the place that comes after one is passed over; gives it, and its rows."""
    following, rows = session.row(
        connection,
        namespace.text(f"select * from order_audit.{_PASS_OVER[function]}(%s, %s, %s, %s, %s, %s)"),
        [rule, place, error.sqlstate, error.diag.constraint_name or "", said, error.diag.context or ""],
    )
    return int(following), int(rows)


def back_off(tries: int) -> None:
    """Wait the longer, the more often it was tried; not always equally long, so that two do not meet again."""
    time.sleep(min(2.0, 0.02 * 2 ** min(tries, 8)) * random.uniform(0.5, 1.5))  # noqa: S311
