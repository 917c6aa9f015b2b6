"""Which rows have to be asked about: those whose verdict can have changed, and what their verdicts depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from order_audit.audit.analysis.dependence import Dependence, Edge, Link
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.since.changes import Changes
from order_audit.audit.since.numbers import NONE, Mask, Numbers, among, different
from order_audit.audit.since.pairs import Pairs
from order_audit.audit.since.state_file import ID


class TooManyError(Exception):
    """So many rows of a table would have to be read that all of them are read for less."""

    def __init__(self, table: RelationName) -> None:
        super().__init__(table)
        self.table = table


@dataclass(frozen=True)
class Asked:
    """The keys to ask about, as numbers, and the rows that it takes, by table, as numbers of their keys.

    The verdicts on the keys `changed` can have changed. Those on the keys `open` are judged: `changed` and a sample.
    The others are asked about for what the result says of them.
    """

    keys: Numbers
    open: Numbers
    changed: Numbers
    rows: Mapping[RelationName, Numbers]


def asked(
    derived: Dependence,
    tables: Mapping[RelationName, Changes],
    array_of: Callable[[Link], str],
    known: Numbers,
    sample: Numbers,
    most: Mapping[RelationName, int],
    pairs: Mapping[str, Pairs],
) -> Asked:
    """Return what to ask.

    `known` are the keys that violated before, `sample` some to judge again; `array_of` names the array of a link.
    `pairs` are those that edges name. Raises TooManyError if it takes more than `most` rows of a table.
    """
    touched = _touched(derived, tables, array_of, most, pairs)
    keys: list[Numbers] = []
    for number, link in derived.roots:
        found, name = tables[derived.tables[number]], array_of(link)
        keys += [found.rows.arrays[name][touched[number]], found.gone.arrays[name]]
    changed = different(np.concatenate(keys))
    judged = different(np.concatenate((changed, sample)))
    wanted = different(np.concatenate((judged, known)))
    needed = _needed(derived, tables, array_of, wanted, most, pairs)
    rows: dict[RelationName, Mask] = {}
    for number, table in enumerate(derived.tables):
        rows[table] = rows[table] | needed[number] if table in rows else needed[number]
    for table, mask in rows.items():
        if np.count_nonzero(mask) > most[table]:
            raise TooManyError(table)
    return Asked(wanted, judged, changed, {table: tables[table].rows.arrays[ID][mask] for table, mask in rows.items()})


def _touched(
    derived: Dependence,
    tables: Mapping[RelationName, Changes],
    array_of: Callable[[Link], str],
    most: Mapping[RelationName, int],
    pairs: Mapping[str, Pairs],
) -> list[Mask]:
    """Return by source the rows that changed, and those that depend on such a row or on one that is gone."""
    touched = [tables[table].new.copy() for table in derived.tables]
    last = [np.flatnonzero(mask) for mask in touched]
    first = True
    while first or any(map(len, last)):
        # all of these will be read; of the others, some may lead to no judged row
        _limit(derived, touched, most, [number for number, _ in derived.roots])
        following: list[list[Numbers]] = [[] for _ in touched]
        for edge in derived.edges:
            found = tables[derived.tables[edge.target]]
            name = array_of(edge.same)
            values = found.rows.arrays[name][last[edge.target]]
            if first:
                values = np.concatenate((values, found.gone.arrays[name]))
            rows = tables[derived.tables[edge.source]].rows.arrays[array_of(edge.value)]
            following[edge.source].append(_added(touched[edge.source], _among(rows, values, edge, pairs)))
        last, first = [_whole(places) for places in following], False
    return touched


def _needed(
    derived: Dependence,
    tables: Mapping[RelationName, Changes],
    array_of: Callable[[Link], str],
    keys: Numbers,
    most: Mapping[RelationName, int],
    pairs: Mapping[str, Pairs],
) -> list[Mask]:
    """Return by source the rows that the verdicts on some keys depend on."""
    needed = [np.zeros(tables[table].count, np.bool_) for table in derived.tables]
    for number, link in derived.roots:
        needed[number] |= among(tables[derived.tables[number]].rows.arrays[array_of(link)], keys)
    last = [np.flatnonzero(mask) for mask in needed]
    while any(map(len, last)):
        _limit(derived, needed, most, range(len(needed)))
        following: list[list[Numbers]] = [[] for _ in needed]
        for edge in derived.edges:
            values = tables[derived.tables[edge.source]].rows.arrays[array_of(edge.value)][last[edge.source]]
            rows = tables[derived.tables[edge.target]].rows.arrays[array_of(edge.same)]
            following[edge.target].append(_added(needed[edge.target], _among(rows, values, edge, pairs)))
        last = [_whole(places) for places in following]
    return needed


def _added(mask: Mask, rows: Mask) -> Numbers:
    """Add rows to a mask; return the places of those that it has not had."""
    rows &= ~mask
    mask |= rows
    return np.flatnonzero(rows)


def _whole(places: list[Numbers]) -> Numbers:
    return np.concatenate(places) if places else NONE


def _limit(derived: Dependence, masks: list[Mask], most: Mapping[RelationName, int], sources: Iterable[int]) -> None:
    """Raise TooManyError if more rows of a source will be read than `most` says."""
    for number in sources:
        if np.count_nonzero(masks[number]) > most[derived.tables[number]]:
            raise TooManyError(derived.tables[number])


def _among(rows: Numbers, values: Numbers, edge: Edge, pairs: Mapping[str, Pairs]) -> Mask:
    if edge.pairs:
        return among(rows, pairs[edge.pairs].beside(values))
    if not edge.nulls:
        values = values[values != edge.null]
    return among(rows, values)
