"""What has changed in a table since an audit.

A row's version is known by its key and by the transaction that wrote it (`xmin`). Rows that were written by a
transaction that the earlier snapshot did not see as ended are read again; of the others, counts and sums are held
against the state, so that rows that are gone, or that come from another history of the database, are noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg

from order_audit import session
from order_audit.audit.analysis.dependence import ROW
from order_audit.audit.since.copied import arrays, blocks, copied
from order_audit.audit.since.numbers import Mask, Masked, Numbers, among, joined, some
from order_audit.audit.since.packed import Packing
from order_audit.audit.since.state_file import ID, WRITER, PartWriter, Rows, State
from order_audit.audit.since.tables import Table
from order_audit.audit.since.values import Value

#: The age of rows that were written before there were transactions: by initdb, or before an upgrade from 9.3.
_FOREVER: Final = 2**31 - 1
#: About so many rows are counted together, neighbours by their numbers: most tables have them in one place, so that the
#: server finds their class in its processor's cache.
_CLASS: Final = 64
_CLASS_BITS: Final = 6
#: Types of numbers of four bytes at most.
_SHORT: Final = ("integer", "smallint")
#: The lowest 32 bits.
_LOW: Final = (1 << 32) - 1
#: Up to so many numbers are looked for by name.
_FEW: Final = 100_000
_XIDS: Final = 1 << 32


class AnotherHistoryError(Exception):
    """The table has rows that the state should have, and has not."""


@dataclass(frozen=True)
class Horizon:
    """The transactions of now and then: the next one's number, and the age of the oldest one that counts as later."""

    next: int
    age: int


@dataclass
class Changes:
    """The rows of a table: those that count (`rows`), which of them are new (`new`), and old versions (`gone`).

    `writers` are the transactions that wrote the new ones.
    """

    rows: Rows
    new: Mask
    gone: Rows
    writers: Numbers
    #: Those that have the bit that was asked for last: to keep those of each would take much memory.
    _counted: tuple[int, Changes] | None = None

    @property
    def count(self) -> int:
        """The rows of the table."""
        return len(self.rows)

    def counted(self, name: str, bit: int) -> Changes:
        """Return those that have a bit in an array; all for 0."""
        if not bit:
            return self
        if self._counted is None or self._counted[0] != bit:
            kept, old = self.rows.arrays[name] & bit != 0, self.gone.arrays[name] & bit != 0
            if kept.all() and old.all():
                return self
            rows, gone = Rows(Masked(self.rows.arrays, kept)), Rows(Masked(self.gone.arrays, old))
            self._counted = bit, Changes(rows, self.new[kept], gone, self.writers[:0])
        return self._counted[1]

    @property
    def kinds(self) -> tuple[int, int, int]:
        """How many rows were inserted, updated, deleted."""
        new = int(self.new.sum())
        updated = int(among(self.gone.arrays[ID], self.rows.arrays[ID][self.new]).sum())
        return new - updated, updated, len(self.gone) - updated


@dataclass
class _There:
    """The old rows of a table that are still there: by class, their counts and sums; and the sum of their ages."""

    counts: Numbers
    sums: Numbers
    ages: int


def horizon(connection: psycopg.Connection, oldest: int) -> Horizon:
    """Return the horizon of an earlier snapshot, whose oldest transaction was `oldest` (64 bits)."""
    following, age = session.row(
        connection,
        "select 3 + pg_catalog.age('3'::xid)::int8, pg_catalog.age((%s::text)::xid)::int8",
        [str(oldest % _XIDS)],
    )
    return Horizon(following % _XIDS, age)


def changes(
    connection: psycopg.Connection, table: Table, values: dict[str, Value], state: State, since: Horizon
) -> Changes:
    """Find what has changed in a table. Raises AnotherHistoryError, UnreadableError."""
    old = state.table(table.name)
    try:
        classes = 1 << (len(old.ids) // _CLASS).bit_length()
        there, found = _read(connection, table, values, since, classes)
        found[WRITER] = _writers(found[WRITER], since.next)
        new = Rows(found)
        kept = ~among(old.ids, new.arrays[ID])
        expected = np.zeros(classes, np.int64)
        for ids in some(old.ids[kept]):
            expected += np.bincount(_class(ids, classes), minlength=classes)
        if (there.counts > expected).any():
            raise AnotherHistoryError
        if (fewer := there.counts < expected).any():
            suspects = old.ids[kept & fewer[_class(old.ids, classes)]]
            kept &= ~among(old.ids, _lost(connection, table, suspects, there, f"not ({_young(since)})"))
        count = int(there.counts.sum())
        sums = sum(int(_short(table, ids).sum()) for ids in some(old.ids[kept]))
        if int(np.count_nonzero(kept)) != count or sums != int(there.sums.sum()):
            raise AnotherHistoryError
        ages = sum(int(_ages(writers, since.next).sum()) for writers in some(old.array(WRITER)[kept]))
        if ages != there.ages:
            raise AnotherHistoryError
        is_gone = ~kept
        rows: dict[str, Numbers] = {}
        gone: dict[str, Numbers] = {}
        for it in (ID, *values):
            array = old.ids if it == ID else old.array(it)
            gone[it] = array[is_gone]
            rows[it] = joined(array, new.arrays[it], kept)
            del array
    finally:
        old.close()
    is_new = np.zeros(len(rows[ID]), np.bool_)
    is_new[count:] = True
    return Changes(Rows(rows), is_new, Rows(gone), new.arrays[WRITER])


def _young(since: Horizon) -> str:
    return f"pg_catalog.age({ROW}.xmin) <= {since.age}"


def _class(ids: Numbers, classes: int) -> Numbers:
    return (ids >> _CLASS_BITS) & (classes - 1)


def _short_sql(table: Table) -> str:
    """Return a number of a row whose sum fits into eight bytes: of a longer one 32 bits; of a hash, all bits count."""
    number = f"({table.id.sql})::int8"
    if table.id_type in _SHORT:
        return table.id.sql
    return f"(({number} # ({number} >> 32)) & {_LOW})" if table.id_type == "int8" else f"({number} & {_LOW})"


def _short(table: Table, ids: Numbers) -> Numbers:
    wide = ids.astype(np.int64)
    if table.id_type in _SHORT:
        return wide
    return ((wide ^ (wide >> 32)) if table.id_type == "int8" else wide) & _LOW


def _read(
    connection: psycopg.Connection, table: Table, values: dict[str, Value], since: Horizon, classes: int
) -> tuple[_There, dict[str, Numbers]]:
    """Count the old rows of a table, and return the values of the others.

    Two scans cost less than one: with values of rows in each group, the server expects too much for its memory.
    """
    columns = {ID: table.id.sql, WRITER: f"pg_catalog.age({ROW}.xmin)"} | {
        it: value.sql for it, value in values.items()
    }
    new = arrays(connection, columns, f"from {table.name} as {ROW} where {_young(since)}")
    query = f"""
      select pg_catalog.array_agg(r.place), pg_catalog.array_agg(r.rows), pg_catalog.array_agg(r.ids),
        pg_catalog.array_agg(r.ages)
      from (
        select (({table.id.sql})::int8 >> {_CLASS_BITS}) & {classes - 1} as place, count(*) as rows,
          pg_catalog.sum({_short_sql(table)})::int8 as ids, pg_catalog.sum(pg_catalog.age({ROW}.xmin)) as ages
        from {table.name} as {ROW}
        group by 1
      ) as r
    """
    with connection.transaction(force_rollback=True):
        connection.execute("set local enable_sort = off")  # it expects as many classes as rows
        place, counts, sums, ages = copied(connection, query, 4)
    there = _There(np.zeros(classes, np.int64), np.zeros(classes, np.int64), int(ages.sum() - new[WRITER].sum()))
    there.counts[place], there.sums[place] = counts, sums
    of_new = _class(new[ID], classes)
    np.subtract.at(there.counts, of_new, 1)
    np.subtract.at(there.sums, of_new, _short(table, new[ID]))
    return there, new


def _lost(connection: psycopg.Connection, table: Table, suspects: Numbers, there: _There, is_old: str) -> Numbers:
    """Return the numbers of rows that are gone, out of those of the classes in which some are.

    If one of a class is gone, the sum of the others says which. Otherwise those that are there are read.
    """
    classes = len(there.counts)
    place, short = _class(suspects, classes), _short(table, suspects)
    missing = np.bincount(place, minlength=classes) - there.counts
    difference = -there.sums
    np.add.at(difference, place, short)
    fits = (short == difference[place]) & (missing[place] == 1)
    alone = fits & (np.bincount(place[fits], minlength=classes)[place] == 1)
    certain = np.zeros(classes, np.bool_)
    certain[place[alone]] = True
    gone: Numbers = suspects[alone]
    others: Numbers = suspects[~certain[place]]
    if not len(others):
        return gone
    source = f"from {table.name} as {ROW} where {is_old}"
    if len(others) <= _FEW:
        source += f" and {table.id.sql} = any ('{{{','.join(map(str, others.tolist()))}}}'::{table.id_type}[])"
    ids = arrays(connection, {ID: table.id.sql}, source)[ID]
    return joined(gone, others[~among(others, ids)])


def _writers(ages: Numbers, following: int) -> Numbers:
    """Return transactions by their ages, less 2^31, so that they fit into four bytes."""
    whole = np.where(ages == _FOREVER, 2, (following - ages.astype(np.int64)) % _XIDS)
    return (whole - 2**31).astype(np.int32)


def _ages(writers: Numbers, following: int) -> Numbers:
    whole = writers.astype(np.int64) + 2**31
    return np.where(whole < 3, _FOREVER, (following - whole + 2**31) % _XIDS - 2**31)


def write_all(
    connection: psycopg.Connection, table: Table, values: dict[str, Value], part: PartWriter, following: int
) -> int:
    """Write all rows of a table into a part of a state; return their number."""
    age = f"pg_catalog.age({ROW}.xmin)"
    columns = {ID: table.id, WRITER: Value(age, "integer", age)} | values
    count = 0
    for found in blocks(connection, table, Packing(columns, (ID, WRITER))):
        found[WRITER] = _writers(found[WRITER], following)
        part.rows(table.name, Rows(found))
        count += len(found[ID])
    if not count:
        part.rows(table.name, Rows({name: np.empty(0, np.int64) for name in columns}))
    return count


def write_changes(table: Table, found: Changes, part: PartWriter) -> None:
    """Write what has changed in a table into a part."""
    part.gone(table.name, found.gone.arrays[ID])
    new = {name: array[found.new] for name, array in found.rows.arrays.items()}
    part.rows(table.name, Rows(new | {WRITER: found.writers}))
