"""Samples of a table that the profile reads in place of all rows, and how far figures of a sample may be off.

A share in a sample of n of N rows is off by at most 1.96 * sqrt(0.25 / n * (1 - n / N)) with 95 % confidence (Cochran,
"Sampling Techniques", 1977, chapter 3: a simple random sample, at the share with the largest variance). Rows picked
together may be alike. If all rows of a page or group had one value, the sample would say as much as n picks, where n is
the square of the sum of their sizes over the sum of the squares (Kish, "Survey Sampling", 1965, chapters 5 and 11).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg

from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.columns import Table
from order_audit.session import Setting

#: Tables with more rows are sampled unless exact figures are asked for, and the rows that are then picked, about.
LARGE: Final = 10_000
ROWS: Final = 10_000
_PAGE: Final = 8192
#: Bytes that no row falls short of: its header and its pointer.
_LEAST: Final = 28
#: Functions that hash whole numbers, equal ones of different types equally, more cheaply than as a record.
_HASHES: Final = {20: "hashint8extended", 21: "hashint2extended", 23: "hashint4extended"}
_TEXTS: Final = {25, 1043}
#: Rows are read by their places if at most one in so many groups is picked, and if there are at most so many.
_FEW: Final = 8
_MOST_PLACES: Final = 100_000
#: With which the server reads them so. Its own estimate is of a disk that seeks for each row, though places are sorted.
PLACES: Final[Setting] = ("random_page_cost", "0.3")


@dataclass(frozen=True)
class Sample:
    """A sample: of rows, or of pages with all their rows. `all_rows` is the number of the table's rows, if counted."""

    percent: float
    of: Literal["rows", "pages"]
    all_rows: int | None = None

    @property
    def clause(self) -> str:
        """The words behind the table's name."""
        method = "bernoulli" if self.of == "rows" else "system"
        return f" tablesample {method} ({self.percent:.6f}) repeatable (0)"

    def entry(self, rows: int, table: Table) -> dict[str, Any]:
        """Return what the profile says of a sample of so many rows."""
        pages = max(1.0, table.bytes["table"] / _PAGE * self.percent / 100)
        picks = float(rows) if self.of == "rows" else min(float(rows), pages)
        found: dict[str, Any] = {"sampled": self.percent, "sampled_by": self.of}
        if self.all_rows is not None:
            found["all_rows"] = self.all_rows
        return found | {"margin": margin(picks, self.percent / 100)}


@dataclass(frozen=True)
class Groups:
    """A sample of groups of rows: those with a value of a column whose hash is in one class of so many, `one_in`."""

    column: str
    type: int
    one_in: int

    @property
    def condition(self) -> str:
        """The condition of the picked rows."""
        name = quoted(self.column)
        value = f"{_HASHES[self.type]}({name}, 0)" if self.type in _HASHES else f"hash_record_extended(row({name}), 0)"
        return f"{value} & {self.one_in - 1} = 0"

    def source(self, table: str) -> str:
        """Return the picked rows of a table as a FROM item without alias."""
        return f"(select * from {table} where {self.condition})"

    def picked(self, query: Callable[[str], list[tuple[Any, ...]]], table: str) -> tuple[str, dict[str, Any]]:
        """Return the picked rows of a table as a FROM item that is read fast, and what figures say of the sample.

        Where few rows are picked, the server goes to their places, in place of the whole table: that takes a tenth of
        the time, with PLACES. The condition holds of them all the same, so that partitions may have equal places.
        Raises psycopg.Error.
        """
        few = self.one_in >= _FEW
        ((groups, picks, places),) = query(
            f"""
            with picked as materialized (
              select {"ctid" if few else "null::tid"} as place, {quoted(self.column)} as value
              from {table}
              where {self.condition}
            )
            select count(*), (sum(n) ^ 2 / sum(n ^ 2))::float8,
              (select array_agg(place)::text from picked having {few} and count(*) <= {_MOST_PLACES})
            from (select count(*) as n from picked group by value) as g
            """
        )
        source = self.source(table)
        if places:
            source = f"(select * from {table} where ctid = any('{places}'::tid[]) and {self.condition})"
        return source, {
            "by": self.column,
            "one_in": self.one_in,
            "groups": groups,
            "margin": margin(picks or 0.0, 1 / self.one_in),
        }


def are_alike(types: Collection[int]) -> bool:
    """Whether equal values of these types have equal hashes."""
    return len(set(types)) == 1 or set(types) <= _HASHES.keys() or set(types) <= _TEXTS


def margin(picks: float, share: float) -> float | None:
    """Return by how many points a percentage may be off, with 95 % confidence; None without a row."""
    return math.ceil(19_600 * math.sqrt(0.25 / picks * max(0.0, 1 - share))) / 100 if picks else None


def rows_of(connection: psycopg.Connection, table: Table, large: int | None) -> Sample | None:
    """Return a sample of a table with more rows than `large`; None for a smaller one. Raises psycopg.Error."""
    if large is None or not table.can_be_sampled or table.bytes["table"] // _LEAST <= large:
        return None
    row = connection.execute(f"select count(*) from {quoted(table.relation)}".encode()).fetchone()
    rows = int(row[0]) if row else 0
    return Sample(round(min(100.0, 100 * ROWS / rows), 6), "rows", rows) if rows > large else None


def groups_of(rows: int, column: str, type_: int) -> Groups | None:
    """Return a sample of the groups of a table with so many rows, which has 25,000 of them at least; None for all."""
    one_in = 1
    while rows / (2 * one_in) > 2.5 * ROWS:
        one_in *= 2
    return Groups(column, type_, one_in) if one_in > 1 else None
