"""The proof of a run: nothing but the values in the undo log has changed.

It goes by row versions, which costs a fraction of checksums. What these cannot see, triggers that change or delete rows
in a transaction of ours, the server's counters of that transaction show before it is committed: it is then rolled back,
and checksums prove the rest of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from order_audit import session
from order_audit.fixes.engine import checksums, row_versions
from order_audit.fixes.engine.verification import Verification


class UnexplainedError(Exception):
    """The counters of a transaction differ from the rows that a batch has changed."""


@dataclass(frozen=True)
class Counters:
    """Rows of the tables that a transaction has inserted, updated and deleted so far, and the files of the tables.

    `triggers` names a trigger that may change rows before they are written.
    """

    inserted: int
    updated: int
    deleted: int
    files: str | None
    trigger: str | None


class Proof:
    """Look at tables before the first change, at each batch, and after the last change.

    Tables are given with their keys. `by_checksums` asks for checksums from the start.
    """

    def __init__(
        self, connection: psycopg.Connection, tables: Mapping[str, tuple[str, ...]], *, by_checksums: bool = False
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._since = _last_entry(connection)
        self._earlier: Verification | None = None
        self._sums: checksums.Checksums | None = None
        self._state: row_versions.State | None = None
        self._reason = ""
        with _snapshot(connection):
            if not by_checksums:
                self._reason = row_versions.obstacle(connection, tables)
                found = self._reason or row_versions.state(connection, tables)
                if isinstance(found, row_versions.State):
                    self._state = found
                else:
                    self._reason = found
            if self._state is None:
                self._sums = checksums.checksums(connection, tables)

    def counters(self) -> Counters | None:
        """Return the counters of the current transaction; None if checksums prove what it does."""
        if self._state is None:
            return None
        row = session.row(
            self._connection,
            row_versions.TREE
            + """
            select coalesce(sum(pg_stat_get_xact_tuples_inserted(t.relid)), 0)::bigint,
              coalesce(sum(pg_stat_get_xact_tuples_updated(t.relid)), 0)::bigint,
              coalesce(sum(pg_stat_get_xact_tuples_deleted(t.relid)), 0)::bigint,
              string_agg(t.relid || ' ' || pg_relation_filenode(t.relid), ',' order by t.relid),
              min((
                select g.tgname from pg_trigger as g
                where g.tgrelid = t.relid and g.tgtype & 19 = 19 and g.tgenabled <> 'D' limit 1
              ))
            from tree as t
            """,
            [[*self._tables]],
        )
        return Counters(*row)

    def check(self, before: Counters, rule: str, changed: int, deleted: int) -> None:
        """Raise UnexplainedError if the transaction did more than a batch, which changed, and of these deleted, rows.

        Call it last in the transaction. Counters include what was rolled back to a savepoint. No row moves to another
        partition, because a fix sets no column of the key.
        """
        now = self.counters()
        if now is None:
            return
        if now.trigger is not None:
            raise UnexplainedError(f"the trigger {now.trigger} may change rows before they are written")
        if now.files != before.files:
            raise UnexplainedError(f"a table was truncated or rewritten during a batch of {rule}")
        done = (now.inserted - before.inserted, now.updated - before.updated, now.deleted - before.deleted)
        if done != (0, changed - deleted, deleted):
            raise UnexplainedError(
                f"triggers worked as well: a batch of {rule} updated {changed - deleted:,} and deleted {deleted:,}"
                f" rows, and the server counted {done[1]:,} updated, {done[2]:,} deleted, {done[0]:,} inserted"
            )

    def fall_back(self, reason: str) -> None:
        """Prove by row versions what has changed so far, and from now on by checksums."""
        assert self._state is not None  # noqa: S101 - check() raises only then
        with _snapshot(self._connection):
            self._earlier = row_versions.verify(self._connection, self._tables, self._state, self._since)
            self._sums = checksums.checksums(self._connection, self._tables)
        self._since = _last_entry(self._connection)
        self._state = None
        self._reason = reason

    def end(self) -> Verification:
        """Return what has changed since the start."""
        with _snapshot(self._connection):
            if self._state is not None:
                return row_versions.verify(self._connection, self._tables, self._state, self._since)
            assert self._sums is not None  # noqa: S101 - one of the two is there
            after = checksums.checksums(self._connection, self._tables, self._since, self._sums)
        found = replace(checksums.verify(self._sums, after), reason=self._reason)
        return self._earlier.followed_by(found) if self._earlier is not None else found


def _last_entry(connection: psycopg.Connection) -> int:
    return int(session.scalar(connection, "select coalesce(max(id), 0) from order_audit.journal"))


@contextmanager
def _snapshot(connection: psycopg.Connection) -> Iterator[None]:
    before = connection.isolation_level, connection.read_only
    # not by SET TRANSACTION, which the next client of a pool would find among the settings of its session
    connection.isolation_level, connection.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.closed:
            connection.isolation_level, connection.read_only = before
