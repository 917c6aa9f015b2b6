"""What was applied to a database, as its journal says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from order_audit import session
from order_audit.fixes.engine.bloat import Bloat, read
from order_audit.fixes.engine.rejected import Rejected, rejected


@dataclass(frozen=True)
class Entry:
    """One option of a rule's fix: rows changed, of these put back, and of these in conflict with a revert."""

    rule: str
    option: str
    changed: int
    reverted: int
    conflicts: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Status:
    """What was applied, in the order in which it began; whether a run is at work or was broken off.

    `verification` is of the last run, `bloat` of the last one that changed something, by table; `rejected` is what the
    database refused to change in the last.
    """

    entries: tuple[Entry, ...]
    running: bool = False
    interrupted: bool = False
    verification: dict[str, Any] | None = None
    bloat: dict[str, Bloat] = field(default_factory=dict)
    rejected: tuple[Rejected, ...] = ()

    def document(self) -> dict[str, Any]:
        """What was applied, as JSON."""
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
            "refused": [found.document() for found in self.rejected],
            "proof": self.verification,
            "sizes": {table: found.document() for table, found in self.bloat.items()},
        }


@dataclass(frozen=True)
class Conflict:
    """A row that a revert did not put back: the rule whose fix changed it, its table and key, and why."""

    rule: str
    table: str
    key: str
    reason: str


def has_journal(connection: psycopg.Connection) -> bool:
    """Whether anything was ever applied to this database."""
    return bool(session.scalar(connection, "select to_regclass('order_audit.journal') is not null"))


def status(connection: psycopg.Connection) -> Status | None:
    """Read the journal; None where there is none, for nothing was ever applied."""
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
    # a journal of an older version has none
    has_refused = session.scalar(connection, "select to_regclass('order_audit.refused') is not null")
    at_work = session.is_locked(connection)
    return Status(
        tuple(Entry(*entry) for entry in entries),
        running=at_work,
        interrupted=bool(last and last[0]) and not at_work,
        verification=last[1] if last else None,
        bloat=read(sized),
        rejected=rejected(connection) if has_refused else (),
    )


def conflicts(connection: psycopg.Connection, limit: int = 1000) -> tuple[Conflict, ...]:
    """Rows that a revert did not put back, the first of them in the order in which they were changed."""
    rows = connection.execute(
        """
        select j.rule, j.tab, (select string_agg(k.value, ', ' order by k.key) from jsonb_each_text(j.key) as k),
          j.left_alone
        from order_audit.journal as j
        where j.left_alone is not null and j.reverted_at is null
        order by j.id
        limit %s
        """,
        [limit],
    ).fetchall()
    return tuple(Conflict(*row) for row in rows)


def journal_ranges(connection: psycopg.Connection, rules: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """Return the ranges of the journal that each hold changes of one of these rules alone, the last first.

    In this order they are to be put back: a fix may have run in more than one pass. Gives rule, first and last row, and
    how many there are.
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
    """The rules of which something was ever applied, put back since or not."""
    return {row[0] for row in connection.execute("select distinct j.rule from order_audit.journal as j").fetchall()}


def missing_tables(connection: psycopg.Connection, rules: Sequence[str]) -> list[str]:
    """The tables, as they were named, that these rules' changes were made in and that are no longer there."""
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
    """The tables that hold changes of these rules and have triggers of their owner's, with the triggers' names.

    What these write, in other columns or tables, is no change of ours: neither journaled nor put back.
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
    """The rules of which something is applied and not put back, the last first."""
    rows = connection.execute(
        "select j.rule from order_audit.journal as j where j.reverted_at is null"
        " group by j.rule order by max(j.id) desc"
    ).fetchall()
    return [row[0] for row in rows]
