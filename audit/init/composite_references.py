"""Candidates for references by several columns, to a table whose rows these identify together: by names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from order_audit.audit.init.candidate import Candidate
from order_audit.audit.init.figures import Figures, TableFigures
from order_audit.audit.init.names import GENERIC, singular, words

#: Rows with a value in each column that a reference needs.
_ENOUGH = 20

CompositeKeys = Mapping[int, tuple[tuple[str, ...], ...]]


def enforced_keys(found: TableFigures) -> list[tuple[str, ...]]:
    """Return the sets of several columns that the schema keeps unique, that can be read, and that are never NULL."""
    known = [found.table.key, *(tuple(sorted(names)) for names in found.table.unique)]
    usable = {name for name, figures in found.columns.items() if not figures.nulls}
    return list({frozenset(it): it for it in reversed(known) if len(it) > 1 and {*it} <= usable}.values())


def of_composite_references(tables: Iterable[TableFigures], keys: CompositeKeys) -> Iterator[Candidate]:
    """Yield the likeliest reference of each set of columns to one of the composite `keys` (by oid) of other tables."""
    known = list(tables)
    for found in known:
        likely: dict[frozenset[str], list[tuple[tuple[int, ...], Candidate]]] = {}
        for target in known:
            for key in keys.get(target.table.oid, ()) if target is not found else ():
                columns = _columns(found, target, key) if _is_sure(target, key) else []
                if columns and _fits(found, target, columns, key):
                    order = _order(found, target, key), _candidate(found, target, columns, key)
                    likely.setdefault(frozenset(it.name for it in columns), []).append(order)
        for candidates in likely.values():
            yield min(candidates, key=lambda it: it[0])[1]


def _is_sure(target: TableFigures, key: tuple[str, ...]) -> bool:
    """Whether a key is enforced, or short: one of many columns that was found by looking is of a list of events."""
    return len(key) == 2 or frozenset(key) in target.table.unique


def _columns(found: TableFigures, target: TableFigures, key: tuple[str, ...]) -> list[Figures]:
    """The columns that are named as those of the key, in its order; empty unless all are there."""
    owner = singular(words(target.table.name))
    columns = []
    for name in key:
        named, family = words(name), target.columns[name].column.family
        forms = [named, *([] if named[: len(owner)] == owner else [[*owner, *named]])]
        column = next((it for form in forms for it in found.columns.values() if words(it.name) == form), None)
        if column is None or column.column.family != family or family not in ("whole", "text", "uuid"):
            return []
        columns.append(column)
    # names that are in many tables say nothing of this one
    tells = any(words(it.name) and not {*words(it.name)} <= GENERIC for it in columns)
    return columns if tells and len({it.name for it in columns}) == len(key) else []


def _fits(found: TableFigures, target: TableFigures, columns: list[Figures], key: tuple[str, ...]) -> bool:
    names = {it.name for it in columns}
    if any(it.target == target.table.oid and names & {*it.columns} for it in found.table.references):
        return False
    if _checked(found, columns) < _ENOUGH or sum(bool(it.nulls) for it in columns) > 1:
        return False
    if any(it.distinct > target.columns[name].distinct * 2 for it, name in zip(columns, key, strict=True)):
        return False
    # of two tables with the same key, neither is known to be the parent
    return not any(names >= {*own} for own in [found.table.key, *found.table.unique] if own)


def _order(found: TableFigures, target: TableFigures, key: tuple[str, ...]) -> tuple[int, ...]:
    """The order of preference among tables: of the same schema, with an enforced key, of few rows."""
    table = target.table
    return (table.schema != found.table.schema, frozenset(key) not in table.unique, target.rows, table.oid)


def _checked(found: TableFigures, columns: list[Figures]) -> int:
    """The rows with a value in each column, where at most one column has NULLs."""
    return found.rows - sum(it.nulls for it in columns)


def _candidate(found: TableFigures, target: TableFigures, columns: list[Figures], key: tuple[str, ...]) -> Candidate:
    named = ", ".join(it.name for it in columns)
    parts = [
        (f"t.{it.column.sql}", f"r.{target.columns[name].column.sql}") for it, name in zip(columns, key, strict=True)
    ]
    present = " and ".join(f"{value} is not null" for value, _ in parts)
    equal = " and ".join(f"{there} = {value}" for value, there in parts)
    shown = target.table.shown
    return Candidate(
        "reference", found.table, tuple(it.column for it in columns),
        f"{found.table.shown} ({named}) is not in {shown}",
        f"The names say so, and no foreign key enforces it. Joins with {shown} leave out rows whose values are not"
        " there.",
        _checked(found, columns), (f"({', '.join(key)}) identifies each of the {target.rows:,} rows of {shown}",),
        f"{present} and not exists (select from {target.table.sql} as r where {equal})",
        target=target.table.name,
    )  # fmt: skip
