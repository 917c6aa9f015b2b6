"""Candidates for references between tables, also where no foreign key says so: by names, and for codes by values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit.audit.init.candidate import Candidate, Omitted
from order_audit.audit.init.figures import Figures, TableFigures, is_code
from order_audit.audit.init.names import GENERIC, TIMES, singular, words

#: Rows with a value that a reference needs, and different values where no name speaks for it.
_ENOUGH: Final = 20
_DIFFERENT: Final = 3
#: Values of a key that are kept here to compare codes with.
_KEPT: Final = 5_000
#: Rows of a table that columns reference by their values alone.
_TARGET_ROWS: Final = 10
_LONGEST: Final = 12


@dataclass(frozen=True)
class Key:
    """A column of which each value is in one row of a table. `values` has them for codes, else nothing."""

    found: TableFigures
    figures: Figures
    values: frozenset[str]

    @property
    def is_enforced(self) -> bool:
        """Whether the schema keeps it unique."""
        return frozenset((self.figures.name,)) in self.found.table.unique


def keys_of(connection: psycopg.Connection, found: TableFigures) -> list[Key]:
    """Return the columns of a table that others may reference."""
    keys = []
    for figures in found.columns.values():
        family = figures.column.family
        is_unique = frozenset((figures.name,)) in found.table.unique
        if not is_unique and (not figures.all_differ or figures.nulls or found.is_partial or family == "number"):
            continue
        if family not in ("whole", "text", "uuid") or not figures.values:
            continue
        values: frozenset[str] = frozenset()
        if family == "text" and is_code(figures) and _TARGET_ROWS <= figures.values <= _KEPT:
            rows = connection.execute(
                f"select t.{figures.column.sql}::text from {found.table.sql} as t".encode()
            ).fetchall()
            values = frozenset(row[0] for row in rows)
        says_when = bool(TIMES & {*words(figures.name)})
        if is_unique or (not says_when and (family != "text" or is_code(figures))):
            keys.append(Key(found, figures, values))
    return keys


def of_references(tables: Iterable[TableFigures], keys: list[Key]) -> Iterator[Candidate | Omitted]:
    """Yield the likeliest reference of each column."""
    by_words: dict[tuple[str, ...], list[Key]] = {}
    codes: list[Key] = []
    for key in keys:
        for form in _forms(key):
            by_words.setdefault(form, []).append(key)
        if key.values:
            codes.append(key)
    for found in tables:
        enforced = {column for it in found.table.references if len(it.columns) == 1 for column in it.columns}
        for figures in found.columns.values():
            if figures.column.family not in ("whole", "text", "uuid") or not figures.values:
                continue
            subject = f"{found.table.shown}.{figures.name}"
            if figures.name in enforced:
                yield Omitted(subject, "reference", "a foreign key enforces it")
            elif not any(figures.name in it.columns for it in found.table.references):
                yield from _reference(found, figures, by_words, codes)


def _forms(key: Key) -> Iterator[tuple[str, ...]]:
    """The names, as words, that columns which reference a key may have."""
    named, table = words(key.figures.name), singular(words(key.found.table.name))
    short = table[-1:] if len(table) > 1 else []
    if not named:
        return
    if not (len(named) == 1 and named[0] in GENERIC):
        yield tuple(named)
    for owner in filter(None, (table, short)):
        if named[-1] in ("id", "code", "key", "no", "uuid", "nr", "number") or named[: len(owner)] != owner:
            yield (*owner, named[-1])
        if key.figures.column.family != "whole":
            yield tuple(owner)


def _reference(
    found: TableFigures, figures: Figures, by_words: dict[tuple[str, ...], list[Key]], codes: list[Key]
) -> Iterator[Candidate | Omitted]:
    named = tuple(words(figures.name))
    likely: list[tuple[tuple[int, ...], Key]] = []
    # of home_team_id, team_id and id
    for skipped in range(len(named)):
        keys = by_words.get(named[skipped:], [])
        likely += [((0, skipped, *_order(found, figures, key)), key) for key in keys if _fits(found, figures, key)]
        if likely:
            break
    if not likely and _is_like_a_code(figures):
        samples = set(figures.top)
        keys = [key for key in codes if samples <= key.values and len(samples) >= _DIFFERENT]
        likely += [((1, 0, *_order(found, figures, key)), key) for key in keys if _fits(found, figures, key)]
    if likely:
        (by_value, *_), key = min(likely, key=lambda it: it[0])
        yield _candidate(found, figures, key, by_name=not by_value)


def _fits(found: TableFigures, figures: Figures, key: Key) -> bool:
    if key.found.table.oid == found.table.oid or key.figures.column.family != figures.column.family:
        return False
    if figures.distinct > key.figures.distinct * 2 or figures.values < _ENOUGH:
        return False
    # of two keys with the same values, the one that is enforced, or has more rows, is the referenced one
    is_unique = frozenset((figures.name,)) in found.table.unique or figures.all_differ
    if is_unique and frozenset((figures.name,)) in found.table.unique and not key.is_enforced:
        return False
    return not is_unique or key.figures.values > figures.values or (key.is_enforced and not found.table.key)


def _order(found: TableFigures, figures: Figures, key: Key) -> tuple[int, ...]:
    """The order of preference among keys: of the same schema, enforced, of few rows."""
    return (
        key.found.table.schema != found.table.schema,
        not key.is_enforced,
        words(key.figures.name) != words(figures.name),
        key.figures.values,
        key.found.table.oid,
    )


def _is_like_a_code(figures: Figures) -> bool:
    shortest, longest = figures.lengths
    return (
        figures.column.family == "text" and not figures.is_personal and figures.distinct >= _DIFFERENT
        and shortest >= 2 and longest <= _LONGEST and is_code(figures)
    )  # fmt: skip


def _candidate(found: TableFigures, figures: Figures, key: Key, *, by_name: bool) -> Candidate:
    value, target, target_column = f"t.{figures.column.sql}", key.found.table, key.figures.column
    how = "The name says so" if by_name else "The values are codes of that table"
    return Candidate(
        "reference", found.table, (figures.column,),
        f"{found.table.shown}.{figures.name} is not in {target.shown}",
        f"{how}, and no foreign key enforces it. Joins with {target.shown} leave out rows whose value is not there.",
        figures.values,
        (f"{figures.distinct:,} different values; {target.shown}.{key.figures.name} has {key.figures.distinct:,}",),
        f"{value} is not null and not exists (select from {target.sql} as r where r.{target_column.sql} = {value})",
        target=target.name, target_rows=key.found.rows, is_guess=not by_name,
    )  # fmt: skip
