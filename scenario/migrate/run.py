"""Run the steps of a migration, and roll them back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.errors import OrderAuditError, RefusalError
from order_audit.progress import NoteCallback, ProgressCallback, StartProgress, ignore_note
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.backfill import backfill, carry_values
from order_audit.scenario.migrate.left_over import LEFT, copy_left_over
from order_audit.scenario.migrate.quarantine import Quarantine, new_columns, quarantine
from order_audit.scenario.migrate.steps import CONTRACT, Step, done, message, refuse_sqitch
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import Verified, verify
from order_audit.scenario.migrate.waiting import until_locked

#: The function that waits for several locks within one lock timeout.
_LOCK_TABLES: Final = (PROPOSED / "deploy" / "checks" / "lock.sql").read_text(encoding="utf-8")
#: Errors of a column that cannot be carried.
_NOT_CARRIED: Final = (
    psycopg.errors.UndefinedColumn,
    psycopg.errors.DuplicateColumn,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.ObjectNotInPrerequisiteState,
)


@dataclass(frozen=True)
class StepRun:
    """A finished step: its seconds, and the number of failed tries for its locks."""

    name: str
    seconds: float
    tries: int


class DifferentError(OrderAuditError):
    """Both sides differ, which prevents the switch."""

    exit_code = 1

    def __init__(self, verified: Verified) -> None:
        """Store the result of the comparison."""
        super().__init__("both sides differ: nothing was switched")
        self.verified = verified


class QuarantineError(OrderAuditError):
    """More rows are in quarantine than were accepted, which prevents the switch."""

    exit_code = 1

    def __init__(self, held: Quarantine, accepted: int) -> None:
        """Store the rows in quarantine, and the number that was accepted."""
        super().__init__(f"rows in quarantine: {held.rows}, accepted: {accepted}. Nothing was switched")
        self.held = held
        self.accepted = accepted


def run(
    connection: psycopg.Connection,
    all_steps: Sequence[Step],
    to: str,
    throttle: MigrationThrottle,
    start_progress: StartProgress,
    carry: Sequence[tuple[str, str]] = (),
    accept_quarantine: int = 0,
    on_wait: NoteCallback = ignore_note,
) -> list[StepRun]:
    """Run the remaining steps, up to `to`. The connection is in autocommit mode.

    `carry` has added columns of the old tables (table and column) to carry. `accept_quarantine` is the number of rows,
    customers and orders, that may be in quarantine at the switch. `on_wait` receives a sentence on each session that
    may hold up an index build or a lock for seconds. May be killed and called again. Raises RefusalError before the
    first change, DifferentError if both sides differ, QuarantineError if more rows are in quarantine.
    """
    names = [step.name for step in all_steps]
    refuse_sqitch(connection, all_steps)
    finished = done(connection, all_steps)
    taken: list[StepRun] = []
    if carry and CONTRACT in finished:
        raise RefusalError("--carry: the old tables are dropped, with their columns")
    for step in all_steps[: names.index(to) + 1]:
        if step.name in finished:
            if step.name == "prepare" and _carry(connection, carry, throttle, start_progress, taken, on_wait):
                finished = [name for name in finished if name != "verify"]
            continue
        on_progress = start_progress(step.name, lines=True)
        on_progress(0, 0, "")
        began, tries = time.perf_counter(), 0
        if step.name == "backfill":
            backfill(connection, throttle, on_progress, lambda note: on_wait(f"an index build {note}"))
        elif step.name == "verify":
            _verify(connection, throttle, start_progress, on_progress)
        else:
            refuse_new_columns(connection, step)
            refuse_out_of_date(connection, step)
            if step.name in ("switch", CONTRACT) and not session.is_true(connection, "select migration.is_verified()"):
                _verify(connection, throttle, start_progress, start_progress("verify", lines=True))
                taken.append(StepRun("verify", time.perf_counter() - began, 0))
                began = time.perf_counter()
            if step.name == "switch":
                copy_left_over(connection, throttle, start_progress(LEFT, lines=True))
                _accept(connection, accept_quarantine)
            try:
                tries = until_locked(connection, step.deploy, throttle, on_progress, on_wait)
            except psycopg.errors.ObjectNotInPrerequisiteState:
                if step.name == "switch":  # rows that came into quarantine since
                    _accept(connection, accept_quarantine)
                raise
        taken.append(StepRun(step.name, time.perf_counter() - began, tries))
        if step.name == "prepare":
            _carry(connection, carry, throttle, start_progress, taken, on_wait)
    return taken


def record_verified(connection: psycopg.Connection) -> None:
    """Record that both sides are equal, which the switch and `contract` require."""
    connection.execute(
        "insert into migration.step (name) values ('verify') on conflict (name) do update set done_at = now()"
    )


def _verify(
    connection: psycopg.Connection,
    throttle: MigrationThrottle,
    start_progress: StartProgress,
    on_progress: ProgressCallback,
) -> None:
    copy_left_over(connection, throttle, start_progress(LEFT, lines=True))
    verified = verify(connection, on_progress)
    if not verified.equal:
        raise DifferentError(verified)
    record_verified(connection)


def _carry(
    connection: psycopg.Connection,
    columns: Sequence[tuple[str, str]],
    throttle: MigrationThrottle,
    start_progress: StartProgress,
    taken: list[StepRun],
    on_wait: NoteCallback,
) -> bool:
    """Carry added columns and copy their values; return whether anything changed."""
    changed = False
    for table, column in columns:
        row = connection.execute(
            "select from sales_old.carried where tab = %s and name = %s", [table, column]
        ).fetchone()
        on_progress = start_progress(f"{table}.{column}", lines=True)
        began, tries = time.perf_counter(), 0
        if row is None:
            try:
                tries = until_locked(connection, carrying(table, column), throttle, on_progress, on_wait)
            except _NOT_CARRIED as error:
                raise RefusalError(message(error)) from None
            changed = True
        changed = carry_values(connection, table, throttle, on_progress) or changed
        taken.append(StepRun(f"{table}.{column} carried", time.perf_counter() - began, tries))
    return changed


def carrying(table: str, column: str) -> str:
    """Return the statements that carry an added column from now on. They wait for locks as the files of steps do."""
    change = sql.SQL(
        "begin;\nset local lock_timeout = '200ms';\nselect pg_temp.lock_tables(array[{}]);\n"
        "select migration.carry_column({}, {});\ncommit;"
    ).format(f"sales.{table}", table, column)
    return f"{_LOCK_TABLES}\n{change.as_string()}"


def rollback(
    connection: psycopg.Connection,
    all_steps: Sequence[Step],
    to: str,
    throttle: MigrationThrottle,
    start_progress: StartProgress,
    on_wait: NoteCallback = ignore_note,
) -> list[StepRun]:
    """Roll steps back, the last first, down to `to`, which stays (all steps if empty).

    The old tables have all writes of the meantime. Raises RefusalError after `contract`, which drops them.
    """
    finished = done(connection, all_steps)
    if CONTRACT in finished:
        raise RefusalError("the old tables are dropped: only a backup has them")
    refuse_sqitch(connection, all_steps)
    names = [step.name for step in all_steps]
    taken = []
    for step in reversed(all_steps):
        if step.name not in finished or (to and names.index(step.name) <= names.index(to)):
            continue
        on_progress = start_progress(f"{step.name} back", lines=True)
        on_progress(0, 0, "")
        began = time.perf_counter()
        tries = until_locked(connection, step.revert, throttle, on_progress, on_wait)
        taken.append(StepRun(step.name, time.perf_counter() - began, tries))
    return taken


def _accept(connection: psycopg.Connection, accepted: int) -> None:
    """Raise QuarantineError if more rows are in quarantine; else set the limit of the switch, which counts again."""
    held = quarantine(connection)
    if held.rows > accepted:
        raise QuarantineError(held, accepted)
    connection.execute("select set_config('migration.accept_quarantine', %s, false)", [str(accepted)])


def refuse_new_columns(connection: psycopg.Connection, step: Step) -> None:
    """Raise RefusalError if old applications would lose a column by a step."""
    if step.name not in ("switch", CONTRACT):
        return
    if columns := new_columns(connection):
        raise RefusalError(
            f"columns of the old tables are not migrated: {', '.join(columns)}. Nothing was switched. Carry an added"
            " column with 'migrate run --carry TABLE.COLUMN'; or drop it; or roll back, add it to the project, and"
            " start again"
        )


def refuse_out_of_date(connection: psycopg.Connection, step: Step) -> None:
    """Raise RefusalError if the new tables have outdated rows of an earlier synchronisation."""
    if step.name != "synchronise":
        return
    if connection.execute("select from migration.step where name = 'out of date'").rowcount:
        raise RefusalError(
            "the new tables are not up to date and could not be emptied, because other tables reference them:"
            " roll back with 'order-audit migrate rollback', then run again"
        )
