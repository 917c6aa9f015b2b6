"""Applied fixes of a database, from its undo log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg

from order_audit import session
from order_audit.fixes.engine.bloat import Bloat, read
from order_audit.fixes.engine.key_text import key_text
from order_audit.fixes.engine.rejected import Rejected, rejected


@dataclass(frozen=True)
class Entry:
    """One option of a rule's fix: changed rows; of these, reverted rows and conflicts."""

    rule: str
    option: str
    changed: int
    reverted: int
    conflicts: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Totals:
    """Changes in the undo log that are not reverted, by table: the different rows that they changed and deleted."""

    changes: int
    changed: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Different rows, changed or deleted."""
        return sum(self.changed.values()) + sum(self.deleted.values())

    def document(self) -> dict[str, Any]:
        """Return the totals as JSON."""
        return {"changes": self.changes, "changed_rows": self.changed, "deleted_rows": self.deleted}


NOTHING: Final = Totals(0)


@dataclass(frozen=True)
class Status:
    """Applied options in order of their start; whether a run is active or was interrupted.

    `verification` and `rejected` are of the last run, `bloat` (by table) of the last run that changed rows.
    """

    entries: tuple[Entry, ...]
    running: bool = False
    interrupted: bool = False
    verification: dict[str, Any] | None = None
    bloat: dict[str, Bloat] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()
    totals: Totals = NOTHING

    def document(self) -> dict[str, Any]:
        """Return the status as JSON."""
        return {
            "applied": [
                {
                    "rule": entry.rule,
                    "option": entry.option,
                    "changed": entry.changed,
                    "reverted": entry.reverted,
                    "left_alone": entry.conflicts,
                }
                for entry in self.entries
            ],
            "refused": [it.document() for it in self.rejected],
            "proof": self.verification,
            "sizes": {table: it.document() for table, it in self.bloat.items()},
            "totals": self.totals.document(),
        }


@dataclass(frozen=True)
class Conflict:
    """A row that a revert kept: the rule whose fix changed it, table, key and reason."""

    rule: str
    table: str
    key: str
    reason: str
    columns: tuple[str, ...] = ()


def has_journal(connection: psycopg.Connection) -> bool:
    """Return whether a fix was ever applied to this database."""
    return bool(session.scalar(connection, "select to_regclass('order_audit.journal') is not null"))


def status(connection: psycopg.Connection) -> Status | None:
    """Read the undo log; None if no fix was ever applied."""
    if not has_journal(connection):
        return None
    entries = connection.execute(
        """
        select j.rule, j.option, count(*), count(*) filter (where j.reverted_at is not null),
          count(*) filter (where j.left_alone is not null and j.reverted_at is null),
          min(j.changed_at), max(j.changed_at)
        from order_audit.journal as j
        group by j.rule, j.option
        order by min(j.id)
        """
    ).fetchall()
    last = connection.execute(
        "select ended_at is null, detail -> 'proof' from order_audit.run order by id desc limit 1"
    ).fetchone()
    sized = session.scalar(
        connection, "select detail -> 'sizes' from order_audit.run where detail ? 'sizes' order by id desc limit 1"
    )
    # an older version has no such table
    has_refused = session.scalar(connection, "select to_regclass('order_audit.refused') is not null")
    is_running = session.is_locked(connection)
    return Status(
        tuple(Entry(*entry) for entry in entries),
        running=is_running,
        interrupted=bool(last and last[0]) and not is_running,
        verification=last[1] if last else None,
        bloat=read(sized),
        rejected=rejected(connection) if has_refused else (),
        totals=totals(connection),
    )


def totals(connection: psycopg.Connection, since: int = 0) -> Totals:
    """Count what the undo log has after an entry, and is not reverted. A row that was changed and deleted is one."""
    rows = connection.execute(
        """
        select k.tab, sum(k.changes)::int8, count(*) filter (where not k.deleted), count(*) filter (where k.deleted)
        from (
          select j.tab, j.key, count(*) as changes, bool_or(j.op = 'delete') as deleted
          from order_audit.journal as j
          where j.id > %s and j.reverted_at is null
          group by j.tab, j.key
        ) as k
        group by k.tab
        order by k.tab
        """,
        [since],
    ).fetchall()
    return Totals(
        sum(row[1] for row in rows),
        {row[0]: row[2] for row in rows if row[2]},
        {row[0]: row[3] for row in rows if row[3]},
    )


def conflicts(connection: psycopg.Connection, limit: int = 1000) -> tuple[Conflict, ...]:
    """Return the first conflicts of reverts, in the order of their changes."""
    rows = connection.execute(
        f"""
        select j.rule, j.tab, {key_text("j.key")}, j.left_alone, array(select jsonb_object_keys(j.key))
        from order_audit.journal as j
        where j.left_alone is not null and j.reverted_at is null
        order by j.id
        limit %s
        """.encode(),
        [limit],
    ).fetchall()
    return tuple(Conflict(rule, table, key, reason, tuple(columns)) for rule, table, key, reason, columns in rows)


def journal_ranges(connection: psycopg.Connection, rules: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """Return the ranges of the undo log with changes of only one of these rules, the last first.

    This is the order of a revert, since a fix may have run in several passes. A range is rule, first id, last id,
    number of rows.
    """
    rows = connection.execute(
        """
        select s.rule, min(s.id), max(s.id), count(*)
        from (
          select j.rule, j.id,
            row_number() over (order by j.id) - row_number() over (partition by j.rule order by j.id) as stretch
          from order_audit.journal as j
          where j.reverted_at is null and j.rule = any(%s)
        ) as s
        group by s.rule, s.stretch
        order by max(s.id) desc
        """,
        [list(rules)],
    ).fetchall()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def ever_applied(connection: psycopg.Connection) -> set[str]:
    """Return the rules whose fixes were ever applied, reverted or not."""
    return {row[0] for row in connection.execute("select distinct j.rule from order_audit.journal as j").fetchall()}


def missing_tables(connection: psycopg.Connection, rules: Sequence[str]) -> list[str]:
    """Return the names of dropped or renamed tables with changes of these rules."""
    rows = connection.execute(
        """
        select j.tab
        from order_audit.journal as j
        where j.reverted_at is null and j.rule = any(%s)
        group by j.tab
        having to_regclass(j.tab) is null
        order by j.tab
        """,
        [list(rules)],
    ).fetchall()
    return [row[0] for row in rows]


def tables_with_triggers(connection: psycopg.Connection, rules: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return tables with changes of these rules and user-defined triggers, with the names of the triggers.

    The undo log does not have the values that triggers write to other columns or tables, and a revert keeps them.
    """
    rows = connection.execute(
        """
        select t.tgrelid::regclass::text, array_agg(t.tgname::text order by t.tgname)
        from pg_trigger as t
        join pg_proc as p on p.oid = t.tgfoid
        where not t.tgisinternal and t.tgenabled in ('O', 'A')
          and p.pronamespace <> to_regnamespace('order_audit')
          and t.tgrelid in (
            select to_regclass(j.tab)
            from order_audit.journal as j
            where j.reverted_at is null and j.rule = any(%s)
          )
        group by t.tgrelid
        order by 1
        """,
        [list(rules)],
    ).fetchall()
    return {row[0]: tuple(row[1]) for row in rows}


def applied(connection: psycopg.Connection) -> list[str]:
    """Return the rules with applied changes that are not reverted, the last first."""
    rows = connection.execute(
        "select j.rule from order_audit.journal as j where j.reverted_at is null"
        " group by j.rule order by max(j.id) desc"
    ).fetchall()
    return [row[0] for row in rows]
