"""Arrays of numbers, and which of them are among others."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

NONE: Final[Numbers] = np.empty(0, np.int64)
#: The lowest bits, in which most numbers differ from those looked for: a table of them fits into a processor's cache.
_LOW: Final = (1 << 22) - 1


def among(numbers: Numbers, wanted: Numbers) -> Mask:
    """Return which of the numbers are among those wanted: without sorting the first, which are many."""
    if not len(wanted):
        return np.zeros(len(numbers), np.bool_)
    table = np.zeros(_LOW + 1, np.bool_)
    table[wanted & _LOW] = True
    found: Mask = table[numbers & _LOW]
    places = np.flatnonzero(found)
    found[places] = np.isin(numbers[places], wanted)
    return found
