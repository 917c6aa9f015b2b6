"""Candidates on a measured value of a table: how many rows it has, and how old its newest row is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import AHEAD, words

#: Rows that a table with a row count has.
_ENOUGH: Final = 100
#: Words of columns that say when a row came to be or changed.
_ARRIVAL: Final = {"created", "inserted", "recorded", "added", "updated", "modified", "loaded", "received", "ordered",
                   "logged", "at", "timestamp", "ts", "time", "date", "day"}  # fmt: skip
#: A newest row that is older than this is of a table that is not filled any more.
_OLD: Final = timedelta(days=30)
#: The bound of the age: this many times the present age, a day at least, in whole days.
_TIMES: Final = 3


def of_measures(found: TableFigures, now: datetime | None = None) -> Iterator[Candidate | Omitted]:
    """Yield candidates on the number of rows and the age of the newest one."""
    if found.table.is_view or found.is_partial:
        return
    if found.rows >= _ENOUGH:
        least = _rounded(found.rows // 2)
        yield Candidate(
            "row_count", found.table, (), f"{found.table.shown} has too few rows",
            "A load that failed half-way, or a delete without its condition, leaves fewer rows.",
            found.rows, (), query=f"select count(*) as rows\nfrom {found.table.sql} as t",
            measure=("rows", f"at_least: {least}"),
        )  # fmt: skip
    newest = max(
        (it for it in found.columns.values() if _says_when(it)),
        key=lambda it: (str(it.entry["max"]), it.name), default=None,
    )  # fmt: skip
    if newest is not None:
        yield _freshness(found, newest, now or datetime.now(UTC))


def _says_when(figures: Figures) -> bool:
    named = set(words(figures.name))
    return (
        figures.column.family == "time" and figures.values >= _ENOUGH and bool(named & _ARRIVAL) and not named & AHEAD
        and not figures.is_personal and not figures.is_special and figures.distinct > 10
    )  # fmt: skip


def _freshness(found: TableFigures, newest: Figures, now: datetime) -> Candidate | Omitted:
    subject, column = f"{found.table.shown}.{newest.name}", newest.column
    try:
        latest = datetime.fromisoformat(str(newest.entry["max"]))
    except ValueError:
        return Omitted(subject, "freshness", "its newest value is not a date of these centuries")
    age = now - (latest if latest.tzinfo else latest.replace(tzinfo=UTC))
    if age > _OLD:
        return Omitted(
            subject, "freshness", f"its newest value is {age.days:,} days old: the table is not filled any more"
        )
    days = max(1, -(-_TIMES * max(age, timedelta()) // timedelta(days=1)))
    now_sql = "now()" if column.written == "timestamp with time zone" else "localtimestamp"
    return Candidate(
        "freshness", found.table, (column,), f"{found.table.shown} has no recent row",
        "Rows came until a short time ago. Where none come any more, a load or an application has stopped.",
        found.rows, (f"newest {newest.name}: {newest.entry['max']}",),
        query=f"select {now_sql} - max(t.{column.sql}) as age\nfrom {found.table.sql} as t",
        measure=("age", f"at_most: {days} {'day' if days == 1 else 'days'}"),
    )  # fmt: skip


def _rounded(count: int) -> int:
    """Return a number with its first two digits alone."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return count // unit * unit
