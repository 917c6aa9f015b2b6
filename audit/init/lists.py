"""Candidates for a closed list of values: texts of which there are few, which repeat, and of which no new ones came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import psycopg

from order_audit.audit import mask
from order_audit.audit.init.candidate import FAULTS, Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.misspelled import misspelled
from order_audit.audit.init.names import FLAGS, FREE_TEXT, words
from order_audit.reports.formatting import plural, share

#: Values of a list, and characters of one of them, at most.
_MOST: Final = 20
_LONGEST: Final = 40
#: Rows for each value, at least.
_ROWS_EACH: Final = 20
#: Rows of the rarest value: a value that occurred once is a sign of others that have not occurred yet.
_RAREST: Final = 3
#: The same where no column says which rows are older.
_RAREST_UNORDERED: Final = 10
_FLAGS: Final = {"0", "1"}


def of_lists(connection: psycopg.Connection, found: TableFigures) -> Iterator[Candidate | Omitted]:
    """Yield candidates of each column with few values. Raises psycopg.Error."""
    wanted = []
    for figures in found.columns.values():
        reason = _reason(found, figures)
        if reason:
            yield Omitted(f"{found.table.shown}.{figures.name}", "allowed values", reason)
        elif reason is None:
            wanted.append(figures)
    if not wanted:
        return
    values = _values(connection, found, wanted)
    for place, figures in enumerate(wanted):
        yield _judged(found, figures, values[place])


def _reason(found: TableFigures, figures: Figures) -> str | None:
    """Why a column has no list; empty where none is expected, None where it may have one."""
    column = figures.column
    named = words(figures.name)
    is_flag = column.family == "whole" and set(figures.top) == _FLAGS and bool({*named[:1], *named[-1:]} & FLAGS)
    if (column.family != "text" and not is_flag) or not figures.values or column.is_generated:
        return ""
    if figures.distinct > _MOST or figures.is_estimated:
        return ""
    if column.has_check:
        return "a CHECK constraint or a domain limits it"
    if figures.is_personal:
        return "its name is that of personal data or a secret" if not found.table.is_view else ""
    if set(named) & FREE_TEXT:
        return "its name is that of a free text"
    if found.is_partial:
        return "only a part of the rows was read"
    if figures.values < _ROWS_EACH * figures.distinct:
        return (
            f"{plural(figures.values, 'row')} with a value: too few for {plural(figures.distinct, 'different value')}"
        )
    if figures.distinct < 2 or figures.lengths[1] > _LONGEST:
        return "it has one value only" if figures.distinct < 2 else "its texts are long"
    return None


def _values(
    connection: psycopg.Connection, found: TableFigures, wanted: list[Figures]
) -> dict[int, list[tuple[str, int, int]]]:
    """The values of columns, by their place: each with its rows, and how many of them are of the older half."""
    older = f"count(*) filter (where {found.older})" if found.older else "count(*)"
    texts = [f"t.{figures.column.sql}::text" for figures in wanted]
    # one pass over the table for all columns
    place, value = (
        " ".join(f"when grouping({text}) = 0 then {shown}" for text, shown in pairs)
        for pairs in ([(text, str(place)) for place, text in enumerate(texts)], list(zip(texts, texts, strict=True)))
    )
    query = (
        f"select case {place} end, case {value} end, count(*), {older} from {found.table.sql} as t"
        f" group by grouping sets ({', '.join(f'({text})' for text in texts)})"
    )
    rows: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    for place_of, text, count, before in connection.execute(query.encode()):
        if text is not None:
            rows[place_of].append((text, count, before))
    return rows


def _judged(found: TableFigures, figures: Figures, values: list[tuple[str, int, int]]) -> Candidate | Omitted:
    column, subject = figures.column, f"{found.table.shown}.{figures.name}"
    wrong = misspelled({value: count for value, count, _ in values})
    values = [it for it in values if it[0] not in wrong]
    rarest = min(count for _, count, _ in values)
    seen = [value for value, *_ in values]
    is_new = [value for value, _, before in values if not before]
    least = _RAREST if found.older else _RAREST_UNORDERED
    reason = near = ""
    if len(values) < 2:
        reason = "it has one value only, and others that look like wrong spellings of it"
    elif is_new:
        reason = f"{len(is_new)} of {len(values)} values came in the newer half of the rows: more may come"
    elif rarest < least:
        reason = f"a value is in {plural(rarest, 'row')} only: others may come"
        broken = sum(count for _, count, _ in values if count < least)
        if broken <= FAULTS * figures.values:
            part = share(broken, figures.values)
            near = f"{subject} has rare values, which may be wrong: {broken:,} of {figures.values:,} ({part})"
    elif any(mask.text(value, whole=False) != value or not value.isprintable() for value in (*wrong, *seen)):
        reason = "a value looks like personal data, or has control characters"
    if reason:
        return Omitted(subject, "allowed values", reason, near=near)
    ordered = sorted(values, key=lambda it: (-it[1], it[0]))
    if column.family == "whole":
        listed = ", ".join(sorted(value for value, *_ in values))
    else:
        listed = ", ".join(_quoted(value) for value, *_ in ordered)
    return Candidate(
        "allowed_values", found.table, (column,), f"Unknown {subject}",
        "The column has few values, which repeat; another one is a spelling, or new to the programs that read it.",
        figures.values,
        (
            f"{len(values)} different values; the rarest is in {rarest:,} rows",
            *(f"taken for a wrong spelling: {_quoted(value)} of {_quoted(right)}" for value, right in wrong.items()),
        ),
        f"{column.text if column.family == 'text' else 't.' + column.sql} not in ({listed})",
    )  # fmt: skip


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
