"""How much of a table and its values the profile reads, counts and shows."""

from __future__ import annotations

from typing import Final

#: A column with more different values than this is not counted value by value.
EXACT: Final = 50_000
#: Rows that a wide column's distribution is read off, and values, at most, that its distinct ones are estimated from.
#: Every group carries the plain aggregates of all wide columns, so that more would not fit into memory.
PICKED: Final = 5_000
HASHED: Final = 4_096
#: Bytes that the values of one column may take while they are counted.
MEMORY: Final = 16 * 1024 * 1024
#: The quantiles of the profile.
QUANTILES: Final = ("0.05", "0.25", "0.5", "0.75", "0.95")
BUCKETS: Final = 20
TOP: Final = 10
#: Longer values are cut where they are shown.
SHOWN: Final = 200
BITS: Final = 1_000
#: The maximum number of rows read from a view or foreign table, whose size is unknown.
FIRST: Final = 100_000
#: The suffix of a JSON column's position for figures by another column's value.
BESIDE: Final = 100_000
#: A value is an outlier if it is farther from the median than this many times the range of the middle half, or of the
#: middle 90 % if all of the half is one value. ENOUGH values have to be there. At most a hundredth of them, or FEW, are
#: outliers.
FAR: Final = 1_000
ENOUGH: Final = 20
FEW: Final = 3
#: With more different texts than this, spellings of one value are not looked for.
CATEGORIES: Final = 1_000
