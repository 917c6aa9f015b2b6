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
from order_audit.audit.since.copied import arrays, blocks
from order_audit.audit.since.numbers import Mask, Numbers, among, joined
from order_audit.audit.since.state_file import ID, WRITER, PartWriter, Rows, State
from order_audit.audit.since.tables import Table
from order_audit.audit.since.values import Value

#: The age of rows that were written before there were transactions: by initdb, or before an upgrade from 9.3.
_FOREVER: Final = 2**31 - 1
#: Rows of a range whose numbers are compared where some are gone.
_RANGE: Final = 256
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

    @property
    def count(self) -> int:
        """The rows of the table."""
        return len(self.rows)

    @property
    def kinds(self) -> tuple[int, int, int]:
        """How many rows were inserted, updated, deleted."""
        new = int(self.new.sum())
        updated = int(among(self.gone.arrays[ID], self.rows.arrays[ID][self.new]).sum())
        return new - updated, updated, len(self.gone) - updated


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
    name = table.name
    columns = {ID: table.id.sql, WRITER: f"pg_catalog.age({ROW}.xmin)"} | {
        it: value.sql for it, value in values.items()
    }
    young = f"pg_catalog.age({ROW}.xmin) <= {since.age}"
    found = arrays(connection, columns, f"from {name} as {ROW} where {young}")
    found[WRITER] = _writers(found[WRITER], since.next)
    new = Rows(found)
    old = state.table(name)
    try:
        kept = ~among(old.ids, new.arrays[ID])
        count, ids, ages = session.row(
            connection,
            f"select count(*), coalesce(sum({table.id.sql}), 0), coalesce(sum(pg_catalog.age({ROW}.xmin)), 0)"
            f" from {name} as {ROW} where not ({young})",
        )
        missing = int(np.count_nonzero(kept)) - count
        if missing < 0:
            raise AnotherHistoryError
        if missing:
            kept &= ~among(old.ids, _lost(connection, table, old.ids[kept], young))
        if int(np.count_nonzero(kept)) != count or _sum(old.ids[kept]) != int(ids) % 2**64:
            raise AnotherHistoryError
        if _sum(_ages(old.array(WRITER)[kept], since.next)) != int(ages) % 2**64:
            raise AnotherHistoryError
        rows, gone = Rows({}), Rows({})
        for it in (ID, *values):
            array = old.ids if it == ID else old.array(it)
            gone.arrays[it] = array[~kept]
            rows.arrays[it] = joined(array[kept], new.arrays[it])
    finally:
        old.close()
    is_new = np.zeros(len(rows), np.bool_)
    is_new[count:] = True
    return Changes(rows, is_new, gone, new.arrays[WRITER])


def _lost(connection: psycopg.Connection, table: Table, expected: Numbers, young: str) -> Numbers:
    """Return the numbers of rows that are gone: counts per range show where."""
    spread = int(expected.max()) - int(expected.min()) if len(expected) else 0
    shift = max(0, (spread // max(1, len(expected) // _RANGE)).bit_length() - 1)
    number = f"(({table.id.sql})::int8 >> {shift})"  # of the list's type, which is hashed
    source = f"from {table.name} as {ROW} where not ({young})"
    counted = f"from (select {number} as place, count(*) as rows {source} group by 1) as r"
    there = arrays(connection, {"place": "r.place", "rows": "r.rows"}, counted)
    places, counts = np.unique(expected >> shift, return_counts=True)
    order = np.argsort(there["place"])
    found = np.zeros(len(places), np.int64)
    inside = np.isin(places, there["place"])
    found[inside] = there["rows"][order][np.searchsorted(there["place"][order], places[inside])]
    differing = places[found != counts]
    listed = ",".join(map(str, differing.tolist()))
    ids = arrays(connection, {ID: table.id.sql}, f"{source} and {number} = any('{{{listed}}}'::int8[])")[ID]
    suspects = expected[among(expected >> shift, differing)]
    return suspects[~among(suspects, ids)]


def _sum(array: Numbers) -> int:
    return int(array.astype(np.int64).view(np.uint64).sum(dtype=np.uint64)) if len(array) else 0


def _writers(ages: Numbers, following: int) -> Numbers:
    """Return transactions by their ages, less 2^31, so that they fit into four bytes."""
    return np.where(ages == _FOREVER, 2, (following - ages) % _XIDS) - 2**31


def _ages(writers: Numbers, following: int) -> Numbers:
    whole = writers.astype(np.int64) + 2**31
    return np.where(whole < 3, _FOREVER, (following - whole + 2**31) % _XIDS - 2**31)


def write_all(
    connection: psycopg.Connection, table: Table, values: dict[str, Value], part: PartWriter, following: int
) -> int:
    """Write all rows of a table into a part of a state; return their number."""
    columns = {ID: table.id.sql, WRITER: f"pg_catalog.age({ROW}.xmin)"} | {
        it: value.sql for it, value in values.items()
    }
    count = 0
    for found in blocks(connection, table, columns):
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
