"""Revert changes of fixes, the last first, from the undo log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from order_audit import session
from order_audit.errors import RefusalError, UsageError
from order_audit.fixes.engine import batches
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.eta import Eta
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.status import (
    Conflict,
    applied,
    conflicts,
    ever_applied,
    has_journal,
    journal_ranges,
    missing_tables,
    tables_with_triggers,
)
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import remove
from order_audit.fixes.guarding.installed import forget, on_search_path, recorded
from order_audit.fixes.preconditions import refuse_read_only
from order_audit.progress import NoteCallback, ProgressCallback, ignore_note, ignore_progress


@dataclass(frozen=True)
class Reverted:
    """The outcome of a revert.

    `guards` has the removed guards. In `rules`, `changed` counts reverted rows, `locked` locked rows, `rejected` rows
    whose old values the database rejects, and `changed_concurrently` rows that have changed since. `conflicts` has all
    rows that no revert restored. `tables_with_triggers` has the triggers of changed tables: rows that they wrote are
    not in the undo log.
    """

    guards: tuple[str, ...]
    rules: dict[str, OptionOutcome]
    conflicts: tuple[Conflict, ...]
    tables_with_triggers: dict[str, tuple[str, ...]]

    @property
    def locked(self) -> int:
        """Rows that others held to the last."""
        return sum(done.locked for done in self.rules.values())

    @property
    def changed_since(self) -> int:
        """Changes whose rows have changed since or are deleted: these keep their present values."""
        return sum(done.changed_concurrently for done in self.rules.values())

    @property
    def rejected(self) -> int:
        """Rows whose old values the database rejects."""
        return sum(done.rejected for done in self.rules.values())

    @property
    def complete(self) -> bool:
        """Whether all rows of the chosen rules have their old values again."""
        return not (self.locked or self.changed_since or self.rejected)


def revert(
    connection: psycopg.Connection,
    rules: Sequence[str],
    throttle: Throttle,
    *,
    on_guard_removed: NoteCallback = ignore_note,
    on_progress: ProgressCallback = ignore_progress,
) -> Reverted | None:
    """Revert the changes of these rules (default: all), after removing the guards that reject them.

    The connection is in autocommit mode. Returns None if no fix was ever applied. `on_guard_removed` receives the name
    of each removed guard at once. May be killed and run again. Raises UsageError for a rule without applied changes and
    RefusalError if a revert is impossible, both before the first change; GuardError if a guard's table stays locked.
    """
    with session.advisory_lock(connection):
        refuse_read_only(connection)
        if not has_journal(connection):
            if rules:
                raise UsageError(f"no fix of {rules[0]} is applied: the schema order_audit does not exist")
            return None
        guarded = {rule.id for one in recorded(connection) for rule in one.guard.protects}
        known = {*ever_applied(connection), *guarded}
        if unknown := [name for name in rules if name not in known]:
            raise UsageError(
                f"no fix of {unknown[0]} was ever applied; 'order-audit fixes status' lists applied changes"
            )
        wanted = [name for name in applied(connection) if not rules or name in rules]
        if lost := missing_tables(connection, wanted):
            raise RefusalError(
                f"{lost[0]} does not exist any more, so its changes cannot be reverted; revert other rules with --rule"
            )
        install(connection, TARGET)
        with_triggers = tables_with_triggers(connection, wanted)
        removed = _remove_guards(connection, rules or None, throttle, on_guard_removed)
        done = _revert_ranges(connection, wanted, throttle, on_progress)
        return Reverted(removed, done, conflicts(connection), with_triggers)


def _remove_guards(
    connection: psycopg.Connection, rules: Sequence[str] | None, throttle: Throttle, on_removed: NoteCallback
) -> tuple[str, ...]:
    """Remove the guards that protect these rules, or all; returns the names of those that were there.

    Those of one's own are removed by their record.
    """
    removed: list[str] = []
    for one in reversed(recorded(connection)):
        if rules is None or any(protected.id in rules for protected in one.guard.protects):
            with on_search_path(connection, one.search_path):
                was_there = remove(connection, one.guard, throttle)
            if was_there:
                removed.append(one.guard.name)
                on_removed(one.guard.name)
            forget(connection, one)
    for guard in reversed(guards().values()):
        if rules is not None and not any(protected.id in rules for protected in guard.protects):
            continue
        if remove(connection, guard, throttle):
            removed.append(guard.name)
            on_removed(guard.name)
    return tuple(removed)


def _revert_ranges(
    connection: psycopg.Connection, rules: Sequence[str], throttle: Throttle, on_progress: ProgressCallback
) -> dict[str, OptionOutcome]:
    """Revert each range of the undo log, the last first; returns the outcome by rule."""
    ranges = journal_ranges(connection, rules)
    outcome = {name: OptionOutcome() for name in rules}
    eta = Eta([rows for *_, rows in ranges], on_progress)
    for name, first, last, rows in ranges:
        eta.start_step(name)
        eta.rows(0, rows)
        done = batches.revert(connection, name, TARGET, throttle, eta.rows, stretch=(first, last))
        outcome[name].changed += done.changed
        outcome[name].locked += done.locked
        outcome[name].changed_concurrently += done.changed_concurrently
        outcome[name].rejected += done.rejected
    eta.end("")
    return outcome
