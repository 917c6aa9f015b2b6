"""Candidates on one column of a table: not null, not blank, unique, and numbers and times within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from order_audit.audit.init.candidate import FAULTS, Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures, is_code
from order_audit.audit.init.names import AHEAD, FREE_TEXT, SIGNED, is_identifier, words
from order_audit.audit.profiling.profile_query import SPACE
from order_audit.reports.formatting import plural, share

#: Fewer rows prove nothing about NULLs and repeated values.
FEW: Final = 20
#: Rows that the other rules need.
ENOUGH: Final = 100
#: By the last word of a column's name: the bounds of its values. A column that holds more is not of this kind.
_BOUNDS: Final = {
    "month": (1, 12), "day": (1, 31), "weekday": (0, 7), "hour": (0, 24), "minute": (0, 59), "second": (0, 60),
    "percent": (0, 100), "percentage": (0, 100), "pct": (0, 100), "humid": (0, 100), "humidity": (0, 100),
    "latitude": (-90, 90), "lat": (-90, 90), "longitude": (-180, 180), "lon": (-180, 180), "lng": (-180, 180),
    "probability": (0, 1), "quarter": (1, 4), "week": (0, 53), "year": (1000, 2200),
}  # fmt: skip
#: Words of columns with codes that several people or places may share.
_SHARED: Final = {"phone", "telephone", "tel", "mobile", "fax", "zip", "zipcode", "postcode"}
#: Words of columns in which capital letters make no difference.
_MAIL: Final = {"email", "mail"}
#: Pairs of rows that would reference the same row by chance: fewer prove nothing.
_BY_CHANCE: Final = 7
#: The types of these bounds' columns: a `month` may be a date.
_NUMBERS: Final = ("whole", "number")

Found = Iterator[Candidate | Omitted]


def of_columns(found: TableFigures, referring: Mapping[str, int]) -> Found:
    """Yield candidates of each column. `referring` are columns that reference others, with the rows of those."""
    for figures in found.columns.values():
        yield from _not_null(found, figures)
        if figures.values:
            yield from _not_blank(found, figures)
            yield from _unique(found, figures, referring.get(figures.name))
            yield from _bounds(found, figures)
            yield from _not_in_future(found, figures)


def _not_null(found: TableFigures, figures: Figures) -> Found:
    column, subject = figures.column, f"{found.table.shown}.{figures.name}"
    if column.not_null:
        yield Omitted(subject, "not null", "the schema enforces it")
    elif column.is_generated:
        yield Omitted(subject, "not null", "the column is generated from others")
    elif figures.nulls == figures.rows:
        yield Omitted(subject, "all", "it has no value in any row")
    elif figures.rows < FEW:
        yield Omitted(subject, "not null", f"too few: {plural(figures.rows, 'row')}")
    elif figures.nulls * 1000 > figures.rows:
        near = f"{subject} is NULL: {figures.nulls:,} of {figures.rows:,} ({share(figures.nulls, figures.rows)})"
        is_near = figures.nulls <= FAULTS * figures.rows
        reason = f"it is NULL in {figures.nulls:,} of {plural(figures.rows, 'row')}"
        yield Omitted(subject, "not null", reason, near=near if is_near else "")
    else:
        yield Candidate(
            "not_null", found.table, (column,), f"{subject} is NULL",
            "The column allows NULL. Readers that rely on a value fail, or leave the row out.",
            figures.rows, (), f"t.{column.sql} is null",
        )  # fmt: skip


def _not_blank(found: TableFigures, figures: Figures) -> Found:
    column = figures.column
    if column.family == "text" and figures.values >= FEW and not column.is_generated and figures.lengths[0] > 0:
        yield Candidate(
            "not_blank", found.table, (column,), f"{found.table.shown}.{figures.name} is blank",
            "A blank text passes NOT NULL, and says as little as a NULL.",
            figures.values, (), f"btrim({column.text}, {SPACE}) = ''",
        )  # fmt: skip


def _unique(found: TableFigures, figures: Figures, referenced: int | None) -> Found:
    column, subject = figures.column, f"{found.table.shown}.{figures.name}"
    if frozenset((figures.name,)) in found.table.unique:
        yield Omitted(subject, "unique", "the schema enforces it")
        return
    if not figures.nearly_differ or column.family not in ("whole", "text", "uuid"):
        return
    if figures.values < FEW:
        yield Omitted(subject, "unique", f"too few: {plural(figures.values, 'value')}")
    elif found.is_partial:
        yield Omitted(subject, "unique", "only a part of the rows was read")
    elif column.family == "whole" and not is_identifier(figures.name):
        yield Omitted(subject, "unique", "its numbers differ, but its name is not that of an identifier")
    elif column.family == "text" and (not is_code(figures) or (set(words(figures.name)) & FREE_TEXT)):
        yield Omitted(subject, "unique", "its texts differ, but they are no codes")
    elif set(words(figures.name)) & _SHARED:
        yield Omitted(subject, "unique", "its values differ, but its name is that of what several may share")
    elif referenced and figures.values**2 < 2 * _BY_CHANCE * referenced:
        yield Omitted(
            subject, "unique", "its values differ, but they reference other rows, and so few may do by chance"
        )
    else:
        how = "The name is that of an identifier" if is_identifier(figures.name) else "The values are codes"
        is_mail = column.family == "text" and bool(set(words(figures.name)) & _MAIL)
        value = f"lower(t.{column.sql})" if is_mail else f"t.{column.sql}"
        shown = f"{value} as {column.sql}" if is_mail else value
        yield Candidate(
            "unique", found.table, (column,), f"Duplicate {subject}",
            f"{how}: two rows with one value are one thing twice.",
            figures.values, (),
            query=f"select {shown}, count(*) as rows\nfrom {found.table.sql} as t\n"
            f"where t.{column.sql} is not null\ngroup by {value}\nhaving count(*) > 1",
            # a second row that references the same one may well come
            key=(column.sql,), grade="info" if referenced else "",
        )  # fmt: skip


def _bounds(found: TableFigures, figures: Figures) -> Found:
    column, subject = figures.column, f"{found.table.shown}.{figures.name}"
    low, high = figures.number("min"), figures.number("max")
    if column.family not in _NUMBERS or low is None or high is None:
        return
    if column.has_check:
        yield Omitted(subject, "range", "a CHECK constraint or a domain limits it")
        return
    if column.is_generated:
        return
    named = words(figures.name)
    bounds = _BOUNDS.get(named[-1]) if named else None
    # the lowest and highest may be faults
    inner = [figures.number("5"), figures.number("95")]
    if bounds and not all(it is not None and bounds[0] <= it <= bounds[1] for it in inner):
        yield Omitted(subject, "range", f"its values are not within the usual {bounds[0]} to {bounds[1]}")
        bounds = None
    shown = () if figures.is_personal else (f"{subject}: {low:f} to {high:f}",)
    value = f"t.{column.sql}"
    if bounds and figures.values >= FEW:
        yield Candidate(
            "range", found.table, (column,), f"{subject} is outside of {bounds[0]} to {bounds[1]}",
            "Its name says what it counts, and that has these bounds.",
            figures.values, shown, f"not ({value} between {bounds[0]} and {bounds[1]})",
        )  # fmt: skip
        return
    wall = figures.number("5")
    if is_identifier(figures.name) or wall is None or wall < 0:
        return
    if figures.values < ENOUGH:
        yield Omitted(subject, "not negative", f"too few: {plural(figures.values, 'value')}")
    elif set(named) & SIGNED:
        yield Omitted(subject, "not negative", "its name is that of a number that may be negative")
    elif low > 0 and low * 2 > high:
        yield Omitted(subject, "not negative", "all values are far from 0, which tells nothing about it")
    else:
        yield Candidate(
            "not_negative", found.table, (column,), f"{subject} is negative",
            "At least 95 % of the values are 0 or more, as of a column that counts or measures something.",
            figures.values, shown, f"{value} < 0",
        )  # fmt: skip


def _not_in_future(found: TableFigures, figures: Figures) -> Found:
    column, subject = figures.column, f"{found.table.shown}.{figures.name}"
    if column.family != "time" or column.is_generated or figures.values < FEW:
        return
    if column.has_check:
        yield Omitted(subject, "not in the future", "a CHECK constraint or a domain limits it")
    elif set(words(figures.name)) & AHEAD:
        yield Omitted(subject, "not in the future", "its name is that of a moment that may lie ahead")
    else:
        shown = () if figures.is_personal else (f"{subject}: {figures.entry['min']} to {figures.entry['max']}",)
        # the clock of the time zone that is the farthest ahead
        now = "current_date + 1" if column.written == "date" else "now() + interval '1 day'"
        yield Candidate(
            "not_in_future", found.table, (column,), f"{subject} is in the future",
            "The column records what has happened; a later moment is a wrong clock or a wrong year.",
            figures.values, shown, f"t.{column.sql} > {now}",
        )  # fmt: skip
