"""The guards of rules, and how many rows each would reject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import psycopg

from order_audit.canceled import refuse_canceled
from order_audit.errors import RunError
from order_audit.expectations import Rule, shipped
from order_audit.fixes.engine.copies import copies, on_copies
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_file import SUITE, guards
from order_audit.fixes.guarding.guard_state import refuses
from order_audit.fixes.guarding.prerequisites import missing_table
from order_audit.server_message import server_message


def guards_of(rules: Iterable[Rule], own: Iterable[Guard] = ()) -> list[Guard]:
    """The guards of these rules that are shipped, and those of one's own, in the order in which they are installed."""
    ours = {rule.id for rule in rules if rule.suite == SUITE}
    return [
        guard
        for guard in guards().values()
        if ours and all(rule.id in ours or rule.suite not in shipped() for rule in guard.protects)
    ] + [*own]


def on_copies_of(connection: psycopg.Connection, guard: Guard) -> Guard:
    """Return a guard whose queries read the copies of a dry run."""
    copied = copies(connection)
    protects = tuple(replace(rule, sql=on_copies(rule.sql, copied)) for rule in guard.protects)
    return replace(guard, protects=protects, refuses=on_copies(guard.refuses, copied))


def rejected_by(
    connection: psycopg.Connection, guard: Guard, phase: str, counts: Mapping[str, int | None]
) -> int | None:
    """Count the rows that a guard would reject in a phase of the dry run, by the verdicts on its rules.

    None if the tables lack what it needs. Raises RunError, which names it, where its query fails on the rows.
    """
    if missing_table(connection, guard):
        return None
    if not guard.refuses and any(counts.get(rule.id, 0) is None for rule in guard.protects):
        return None
    try:
        with connection.transaction():
            if guard.refuses:
                return refuses(connection, on_copies_of(connection, guard))
            row = connection.execute(
                "select count(distinct v.key) from pg_temp.order_audit_verdict as v"
                " where v.phase = %s and v.rule = any(%s)",
                [phase, [rule.id for rule in guard.protects]],
            ).fetchone()
            return int(row[0]) if row else 0
    except psycopg.ProgrammingError:
        return None
    except psycopg.Error as error:
        if connection.closed:
            raise
        refuse_canceled(connection, error)
        raise RunError(f"{guard.path}: guard {guard.name} cannot be judged: {server_message(error)}") from error
