"""Compare both sides exactly, on one snapshot, while applications write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit import session
from order_audit.progress import ProgressCallback
from order_audit.scenario.migrate.steps import FIRST

#: Keys in a range with one checksum.
WIDTH: Final = 10_000
#: Rows that are named, of each table.
MOST: Final = 1_000


@dataclass(frozen=True)
class Difference:
    """A row that differs between the sides, and the difference."""

    table: str
    key: int
    difference: str


@dataclass(frozen=True)
class Recreation:
    """An order that the nightly job recreates by one schema (`by`, old or new) and not by the other, and why."""

    key: int
    by: str
    why: str


@dataclass(frozen=True)
class Verified:
    """The result of a comparison. `rows` has the number of compared old rows; `more`: differences were omitted."""

    rows: dict[str, int]
    differences: tuple[Difference, ...]
    recreations: tuple[Recreation, ...]
    more: bool = False

    @property
    def equal(self) -> bool:
        """Whether both sides say the same. Other recreations are explained, and no difference of the data."""
        return not self.differences


def verify(connection: psycopg.Connection, on_progress: ProgressCallback) -> Verified:
    """Compare all rows by checksums of key ranges, and name the rows of those that differ.

    Facts of only the new tables (ledgers, histories, recreations, secrets) are checked against each other. Two scans of
    each side, one for sums and one for the recreation rule; two of each table of the former. It writes nothing.
    """
    rows: dict[str, int] = {}
    differences: list[Difference] = []
    more = False
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        # one processor is ours, the others are the applications'
        connection.execute("set local max_parallel_workers_per_gather = 0")
        session.configure(connection, [session.ALL_ROWS], local=True)
        for number, table in enumerate(("customers", "orders")):
            on_progress(number, 4, table)
            ranges = connection.execute("select * from migration.differing_ranges(%s, %s)", [table, WIDTH]).fetchall()
            rows[table] = int(session.scalar(connection, f"select count(*) from migration.old_{table}"))
            named: list[Difference] = []
            for first, last, _, _ in ranges:
                if len(named) >= MOST:
                    more = True
                    break
                named += (
                    Difference(table, row[0], row[1])
                    for row in connection.execute(
                        "select * from migration.differing_rows(%s, %s, %s)", [table, first, last]
                    )
                )
            named += (
                Difference(table, row[0], f"another value of {row[1]}")
                for row in connection.execute(
                    "select * from migration.differing_carried(%s, %s, %s)", [table, FIRST, MOST]
                )
            )
            differences += named[:MOST]
            more = more or len(named) > MOST
        differences += (
            Difference("schedules", row[0], "old applications would read another one")
            for row in connection.execute("select schedule_id from migration.differing_schedules order by 1 limit 1000")
        )
        on_progress(2, 4, "what only the new tables know")
        differences += (
            Difference(*row)
            for row in connection.execute(
                "select what, id, difference from migration.differing_inside order by 1, 2, 3 limit %s", [MOST]
            )
        )
        on_progress(3, 4, "recreations")
        due = [
            Recreation(*row)
            for row in connection.execute(
                "select order_id, recreated_by, why from migration.differing_recreations order by order_id"
            )
        ]
        on_progress(4, 4, "")
    return Verified(rows, tuple(differences), tuple(due), more)
