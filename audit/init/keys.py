"""The columns that identify a table's rows: its primary key, else others, which become a candidate of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import psycopg

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import FREE_TEXT, TIMES, is_identifier, singular, words
from order_audit.reports.formatting import plural

#: Rows of a table without a key of one column, for a composite one to be more than chance.
_ENOUGH: Final = 100
#: Columns of a composite key at most, and of the set that it is searched in.
_MOST: Final = 4
_WIDEST: Final = 8
#: Rows that are looked at first: most sets repeat among these already.
_LOOKED: Final = 20_000
#: Pairs of rows that would be equal by chance, if the columns were independent: fewer make no evidence.
_BY_CHANCE: Final = 7
_PLACES: Final = {"round", "stint", "seq", "sequence", "line", "position", "pos", "version", "index", "rank", "name"}


def key_of(found: TableFigures) -> tuple[str, ...]:
    """Return the key that the schema enforces, or a column whose values all differ; empty without one."""
    if found.table.key and all(name in found.columns for name in found.table.key):
        return found.table.key
    for names in sorted(found.table.unique, key=len):
        if all(name in found.columns and not found.columns[name].nulls for name in names):
            return tuple(column.name for column in found.table.columns if column.name in names)
    for figures in found.columns.values():
        if figures.all_differ and not figures.nulls and not figures.is_estimated and _is_part(figures):
            return (figures.name,)
    return ()


def fallback(found: TableFigures) -> tuple[str, ...]:
    """Return columns that describe a row, although their values may repeat; preferably of types that can be sorted."""
    usable = [it for it in found.columns.values() if it.column.family not in ("other", "number")]
    named = [it.name for it in usable if is_identifier(it.name)] + [it.name for it in usable]
    return tuple(dict.fromkeys(named))[:2] or tuple(found.columns)[:1]


def composite(
    connection: psycopg.Connection, found: TableFigures, referring: Collection[str]
) -> Candidate | Omitted | None:
    """Return a smallest set of columns that differs in each row, of a table that has no key.

    `referring` are columns that reference other tables. Raises psycopg.Error.
    """
    subject = found.table.shown
    if found.is_partial:
        return Omitted(subject, "composite key", "only a part of the rows was read")
    if found.rows < _ENOUGH:
        return Omitted(subject, "composite key", f"too few: {plural(found.rows, 'row')}")
    columns = list(found.columns.values())
    own = singular(words(found.table.name))
    parts = [it for it in columns if not it.nulls and (_is_part(it) or words(it.name) == own or it.name in referring)]
    parts.sort(key=lambda it: (it.name not in referring, -it.distinct, columns.index(it)))
    parts = parts[:_WIDEST]
    if len(parts) < 2 or not _differ(connection, found, parts):
        return Omitted(subject, "composite key", "no set of its identifying columns differs in each row")
    # the last to go are columns that identify something; among these, first ones or those with many values
    smallest = min(
        (
            _smallest(
                connection,
                found,
                sorted(parts, key=lambda it: (it.name in referring, _says_so(it) or words(it.name) == own, order(it))),
            )
            for order in (lambda it: -columns.index(it), lambda it: it.distinct)
        ),
        key=len,
    )
    parts = sorted(smallest, key=columns.index)
    chances = found.rows**2 / 2
    for part in parts:
        chances /= max(part.distinct, 1)
    if len(parts) > _MOST or chances < _BY_CHANCE:
        names = tuple(part.name for part in parts)
        return Omitted(
            subject, "composite key", f"({', '.join(names)}) differs in each row, which may be chance", names
        )
    listed = ", ".join(f"t.{part.column.sql}" for part in parts)
    named = ", ".join(part.name for part in parts)
    return Candidate(
        "key", found.table, tuple(part.column for part in parts), f"Duplicate ({named}) in {subject}",
        "The table has no key. Two rows with the same values in these columns are a row that was loaded twice.",
        found.rows, (f"independent columns would repeat {chances:,.0f} times",),
        query=f"select {listed}, count(*) as rows\nfrom {found.table.sql} as t\ngroup by {listed}\n"
        "having count(*) > 1",
        key=tuple(part.column.sql for part in parts),
    )  # fmt: skip


def _smallest(connection: psycopg.Connection, found: TableFigures, parts: list[Figures]) -> list[Figures]:
    """Leave out each part without which the others still differ, from the first on."""
    for part in parts[:]:
        fewer = [it for it in parts if it is not part]
        if len(fewer) >= 2 and _differ(connection, found, fewer):
            parts = fewer
    return parts


def _is_part(figures: Figures) -> bool:
    """Whether a column can be a part of a key: no measure, and no free text."""
    family, named = figures.column.family, set(words(figures.name))
    if family in ("uuid", "enum", "time"):
        return True
    if family == "text":
        return figures.lengths[1] <= 40 and (not named & FREE_TEXT or "name" in named)
    return family == "whole" and _says_so(figures)


def _says_so(figures: Figures) -> bool:
    named = set(words(figures.name))
    return is_identifier(figures.name) or bool(named & (TIMES | _PLACES)) or figures.column.family in ("time", "uuid")


def _differ(connection: psycopg.Connection, found: TableFigures, parts: Sequence[Figures]) -> bool:
    listed = ", ".join(f"t.{part.column.sql}" for part in parts)
    limits = ([f"limit {_LOOKED}"] if found.rows > _LOOKED else []) + [""]
    for limit in limits:
        row = connection.execute(
            f"select exists (select from (select * from {found.table.sql} {limit}) as t group by {listed}"
            " having count(*) > 1)".encode()
        ).fetchone()
        if row is None or row[0]:
            return False
    return True
