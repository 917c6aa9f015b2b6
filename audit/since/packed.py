"""Numbers of rows in few bytes: what the server's part of reading a table costs is mostly what it sends.

Numbers of four bytes at most go two to a word of eight bytes. Bits, and those that say what is NULL, share a place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

import numpy as np

from order_audit.audit.since.numbers import Mask, Numbers
from order_audit.audit.since.values import BITS, NULL, Value

#: The bits of a place: half of a word.
_PLACE: Final = 32

#: Takes the numbers of a column out of the wide and the narrow places of all rows.
_Unpack = Callable[[Numbers, Numbers], Numbers]


class Packing:
    """How the numbers of a row are sent: `sql` is a bytea that has as many bytes for each row.

    `columns` are the numbers by name; those of `certain` are never NULL.
    """

    def __init__(self, columns: Mapping[str, Value], certain: Collection[str]) -> None:
        self._wide: list[str] = []
        self._narrow: list[list[str]] = []  # parts that are combined
        self._room = (0, _PLACE)  # the last place with bits, and how many are taken
        self._unpack: dict[str, _Unpack] = {}
        for name, value in columns.items():
            if value.is_bits:
                self._unpack[name] = _bits(*self._add_bits(value.sql, BITS), (1 << BITS) - 1)
            elif value.short:
                place = self._add(f"coalesce(({value.short})::int8, 0)")
                is_null = f"case when {value.short} is null then 1 else 0 end"
                self._unpack[name] = _number(place, None if name in certain else self._add_bits(is_null, 1))
            elif value.is_short_hash:
                self._unpack[name] = _number(self._add(value.sql), None)
            else:
                self._unpack[name] = _whole(len(self._wide))
                self._wide.append(value.sql)

    def _add(self, number: str) -> int:
        self._narrow.append([number])
        return len(self._narrow) - 1

    def _add_bits(self, number: str, bits: int) -> tuple[int, int]:
        """Add bits; return their place and the lowest one."""
        place, taken = self._room
        if taken + bits > _PLACE:
            place, taken = len(self._narrow), 0
            self._narrow.append([])
        self._narrow[place].append(f"(({number})::int8 << {taken})")
        self._room = place, taken + bits
        return place, taken

    @property
    def _words(self) -> int:
        return len(self._wide) + (len(self._narrow) + 1) // 2

    @property
    def sql(self) -> str:
        """The bytea of a row."""
        places = [" | ".join(parts) for parts in self._narrow] + ["0::int8"] * (len(self._narrow) % 2)
        pairs = zip(places[::2], places[1::2], strict=True)
        words = [*self._wide, *(f"(({high}) << {_PLACE}) | (({low}) & {(1 << _PLACE) - 1})" for high, low in pairs)]
        return " || ".join(f"pg_catalog.int8send({word})" for word in words)

    def unpacked(self, data: bytes) -> dict[str, Numbers]:
        """Return the numbers of rows, whose bytes follow each other."""
        wide = np.frombuffer(data, ">i8").reshape(-1, self._words)
        narrow = np.frombuffer(data, ">i4").reshape(-1, 2 * self._words)[:, 2 * len(self._wide) :]
        return {name: unpack(wide, narrow) for name, unpack in self._unpack.items()}


def _whole(place: int) -> _Unpack:
    return lambda wide, _: wide[:, place].astype(np.int64)


def _bits(place: int, lowest: int, mask: int) -> _Unpack:
    return lambda _, narrow: (narrow[:, place].astype(np.int32) >> lowest) & mask


def _number(place: int, of_null: tuple[int, int] | None) -> _Unpack:
    def unpack(_: Numbers, narrow: Numbers) -> Numbers:
        numbers = narrow[:, place].astype(np.int32)
        return numbers if of_null is None else _with_nulls(numbers, _bits(*of_null, 1)(_, narrow) != 0)

    return unpack


def _with_nulls(numbers: Numbers, is_null: Mask) -> Numbers:
    if not is_null.any():
        return numbers
    wide = numbers.astype(np.int64)
    wide[is_null] = NULL
    return wide
