"""Compare both sides exactly, on one snapshot, while applications write."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
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
class DueReason:
    """Orders that are due by one schema only (`by`, old or new), for one reason: number, amounts, the first keys."""

    by: str
    why: str
    orders: int
    amounts: Decimal
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Due:
    """Orders that are due on the next business day by the old schema and the new one; reasons of those by one only."""

    old: int
    new: int
    reasons: tuple[DueReason, ...]


@dataclass(frozen=True)
class Verified:
    """The result of a comparison. `rows` has the number of compared old rows; `more`: differences were omitted."""

    rows: dict[str, int]
    differences: tuple[Difference, ...]
    recreations: tuple[Recreation, ...]
    more: bool = False

    @property
    def equal(self) -> bool:
        """Whether both sides have equal values. Orders that only one nightly job recreates do not count."""
        return not self.differences


def verify(connection: psycopg.Connection, on_progress: ProgressCallback) -> Verified:
    """Compare all rows by checksums of key ranges, and name the rows of those that differ.

    Facts of only the new tables (ledgers, histories, recreations, secrets) are checked against each other. Two scans of
    each side, one for sums and one for the recreation rule; two of each table of the former. It writes nothing.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        return compare(connection, on_progress)


def compare(connection: psycopg.Connection, on_progress: ProgressCallback) -> Verified:
    """Do the work of `verify` in the caller's transaction, and change two of its planner settings."""
    rows: dict[str, int] = {}
    differences: list[Difference] = []
    more = False
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
            for row in connection.execute("select * from migration.differing_carried(%s, %s, %s)", [table, FIRST, MOST])
        )
        differences += named[:MOST]
        more = more or len(named) > MOST
    differences += (
        Difference("schedules", row[0], "old applications would read another schedule")
        for row in connection.execute("select schedule_id from migration.differing_schedules order by 1 limit 1000")
    )
    on_progress(2, 4, "what only the new tables know")
    differences += (
        Difference(*row)
        for row in connection.execute(
            "select tab, id, difference from migration.differing_inside order by 1, 2, 3 limit %s", [MOST]
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


_DUE: Final = """
with differing as materialized (
  select d.order_id, d.recreated_by, regexp_replace(d.why, '(customer|first ancestor) -?\\d+', '\\1', 'g') as why
  from migration.differing_recreations as d
), new as (
  select count(*) as due from sales.orders_due
)
select n.due, d.recreated_by, d.why, count(d.order_id), coalesce(sum(o.order_amount), 0),
  (array_agg(d.order_id order by d.order_id))[1:5]
from new as n
left join differing as d on true
left join migration.old_orders as o on o.order_id = d.order_id
group by n.due, d.recreated_by, d.why
order by d.recreated_by desc, count(*) desc, d.why
"""


def due(connection: psycopg.Connection) -> Due:
    """Return the orders that are due on the next business day, by each schema. Reads all orders of both sides."""
    rows = connection.execute(_DUE.encode()).fetchall()
    reasons = tuple(
        DueReason(by, why, orders, amounts, tuple(keys)) for _, by, why, orders, amounts, keys in rows if orders
    )
    new = int(rows[0][0])
    only = {by: sum(it.orders for it in reasons if it.by == by) for by in ("old", "new")}
    return Due(new - only["new"] + only["old"], new, reasons)
