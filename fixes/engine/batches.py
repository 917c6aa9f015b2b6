"""Change the rows of a fix in batches, and revert them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import nullcontext

import psycopg

from order_audit import session
from order_audit.fixes.engine.batch_loop import run_batches
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.proof import Proof
from order_audit.fixes.engine.throttle import Throttle, back_off
from order_audit.fixes.engine.vacuum import dead_rows, vacuum
from order_audit.fixes.engine.work_list import TARGET, Namespace, work_list_sql
from order_audit.fixes.fix import Fix, FixError, Option, journal
from order_audit.foreign_code import whole_path
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.server_message import server_message


def install(connection: psycopg.Connection, namespace: Namespace) -> None:
    """Create work list and undo log if missing, and configure the session."""
    text = journal()
    if namespace is not TARGET:
        text = re.sub(r"^(create schema|revoke) .*;$", "", text, flags=re.MULTILINE).replace("unlogged ", "")
    session.configure(connection)
    session.check_client(connection)
    psycopg.Cursor(connection).execute(namespace.text(text).encode())  # a script of several statements


def apply(
    connection: psycopg.Connection,
    fix: Fix,
    option: Option,
    namespace: Namespace,
    throttle: Throttle,
    on_progress: ProgressCallback = ignore_progress,
    listed: Callable[[int], None] = lambda _rows: None,
    proof: Proof | None = None,
) -> OptionOutcome:
    """Apply an option to all of its rows, in autocommit mode or inside one transaction.

    Locked rows are retried with growing pauses; the outcome counts those left after the last round. Rejected rows are
    skipped. `listed` is called with the number of rows each time the work list is filled. `proof` watches the batches.
    """
    done = OptionOutcome()
    began = time.perf_counter()
    tables = changes(option)
    most = dead_rows(connection, tables, throttle) if connection.autocommit else 0
    since = 0
    for attempt in range(throttle.max_rounds):
        wanted = list_rows(connection, fix, option, namespace)
        done.locked = done.changed_concurrently = done.rejected = 0
        if not wanted:
            break
        listed(wanted)
        if rejected := _unindexed(connection, fix, namespace):
            done.rejected = rejected
            break
        before = done.changed
        on_progress(before, before + wanted, "")
        for changed, locked, concurrent, rejected in run_batches(
            connection, namespace, "apply_batch", fix.rule.id, 0, throttle, proof=proof
        ):
            done.changed += changed
            done.locked += locked
            done.changed_concurrently += concurrent
            done.rejected += rejected
            since += changed
            on_progress(done.changed, before + wanted, "")
            if most and since >= most:
                vacuum(connection, tables)
                since = 0
        # a rejected row may pass after another row has changed
        if not done.locked and not done.changed_concurrently and not (done.rejected and done.changed > before):
            break
        back_off(attempt)
    done.seconds = round(time.perf_counter() - began, 3)
    return done


def list_rows(connection: psycopg.Connection, fix: Fix, option: Option, namespace: Namespace) -> int:
    """Fill the work list with the current rows of an option; return their number."""
    with connection.transaction():
        connection.execute(namespace.text("delete from order_audit.todo where rule = %s").encode(), [fix.rule.id])
        connection.execute(
            namespace.text("delete from order_audit.refused where rule = %s and option = %s").encode(),
            [fix.rule.id, option.name],
        )
        for number, statement in enumerate(work_list_sql(connection, fix, option, namespace)):
            # the first ones have the queries of the fix
            path = whole_path(connection) if number < len(option.changes) else nullcontext()
            try:
                with path:
                    connection.execute(namespace.text(statement).encode())
            except psycopg.errors.InsufficientPrivilege:
                raise
            except (psycopg.DataError, psycopg.ProgrammingError) as error:  # of the queries, and of their functions
                change = option.changes[min(number, len(option.changes) - 1)]
                raise FixError(f"{change.place or f'{fix.path}: '}{server_message(error)}") from error
        listed = "select count(*) from order_audit.todo where rule = %s and op <> 'keep'"
        return int(session.scalar(connection, namespace.text(listed), [fix.rule.id]))


def _unindexed(connection: psycopg.Connection, fix: Fix, namespace: Namespace) -> int:
    """Reject all listed rows if each delete would read a large table; return the number of rows."""
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
    """Revert a rule's changes, the last first; `stretch` limits them to a range of the undo log, both ends included.

    In the outcome, `changed_concurrently` counts rows that have changed since, `rejected` rows whose old values the
    database rejects. Both are conflicts and stay unchanged.
    """
    done = OptionOutcome()
    connection.execute(  # an earlier conflict may be resolved by now
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
    for attempt in range(throttle.max_rounds):
        done.locked = 0
        for changed, locked, conflicts, rejected in run_batches(
            connection, namespace, "revert_batch", rule, stretch[1] + 1, throttle, stretch[0]
        ):
            done.changed += changed
            done.locked += locked
            done.changed_concurrently += conflicts
            done.rejected += rejected
            since += changed
            on_progress(done.changed, rows, "")
            if most and since >= most:
                vacuum(connection, tables)
                since = 0
        if not done.locked:
            break
        back_off(attempt)
    return done


def changes(option: Option) -> set[str]:
    """Return the tables that an option changes, without those of the schema order_audit."""
    return {change.table for change in option.changes if change.op != "insert"}
