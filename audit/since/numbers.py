"""Arrays of numbers, and which of them are among others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Mask: TypeAlias = npt.NDArray[np.bool_]

_SOME: Final = 1 << 18
NONE: Final[Numbers] = np.empty(0, np.int64)
#: The lowest bits, in which most numbers differ from those looked for: a table of them fits into a processor's cache.
_LOW: Final = (1 << 22) - 1


class Masked(Mapping[str, Numbers]):
    """Arrays by name of which a mask leaves some numbers; they are taken out when they are asked for."""

    def __init__(self, arrays: Mapping[str, Numbers], kept: Mask) -> None:
        self._arrays = arrays
        self._kept = kept
        self._taken: dict[str, Numbers] = {}

    def __getitem__(self, name: str) -> Numbers:
        if name not in self._taken:
            self._taken[name] = self._arrays[name][self._kept]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def some(numbers: Numbers) -> Iterator[Numbers]:
    """Yield the numbers, so many at a time that what is computed from them takes little memory."""
    for first in range(0, len(numbers), _SOME):
        yield numbers[first : first + _SOME]


def listed(numbers: Numbers) -> str:
    """Return the numbers with commas between them."""
    return ",".join(",".join(map(str, part.tolist())) for part in some(numbers))


def narrow(numbers: Numbers) -> Numbers:
    """Return numbers in four bytes each if they fit: most keys do."""
    limits = np.iinfo(np.int32)
    fits = not len(numbers) or (numbers.min() >= limits.min and numbers.max() <= limits.max)
    return numbers.astype(np.int32) if fits else numbers


def joined(one: Numbers, other: Numbers, kept: Mask | None = None) -> Numbers:
    """Return one array, or what is kept of it, and then the other one, in four bytes a number if both fit."""
    if kept is None:
        kept = np.ones(len(one), np.bool_)
    other = narrow(other) if one.dtype == np.int32 else other
    count = int(np.count_nonzero(kept))
    whole: Numbers = np.empty(count + len(other), np.result_type(one, other))
    whole[count:] = other
    if one.dtype == whole.dtype:
        np.compress(kept, one, out=whole[:count])
    else:
        whole[:count] = one[kept]
    return whole


def among(numbers: Numbers, wanted: Numbers) -> Mask:
    """Return which of the numbers are among those wanted: without sorting the first, which are many."""
    if not len(wanted):
        return np.zeros(len(numbers), np.bool_)
    table = np.zeros(_LOW + 1, np.bool_)
    table[wanted & _LOW] = True
    found = np.empty(len(numbers), np.bool_)
    ordered = np.sort(wanted)
    first = 0
    for part in some(numbers):
        is_candidate: Mask = table[part & _LOW]
        if len(candidates := part[is_candidate]):
            near = ordered[np.searchsorted(ordered, candidates).clip(max=len(ordered) - 1)]
            is_candidate[is_candidate] = near == candidates
        found[first : first + len(part)] = is_candidate
        first += len(part)
    return found


def different(numbers: Numbers) -> Numbers:
    """Return the numbers in order, each once. NumPy's own function imports what nothing else needs."""
    ordered = np.sort(numbers)
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]
