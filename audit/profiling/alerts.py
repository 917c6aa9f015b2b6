"""Alerts of a column: what a reader of its figures should look at. A column without a peculiarity has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from order_audit.audit.profiling.limits import ENOUGH

#: Shares of rows from which on a column is mostly NULL, or mostly 0.
_NULLS: Final = 0.95
_ZEROS: Final = 0.9
#: Rows that a column of different texts must have, to be taken for a key.
_KEYS: Final = 100
#: Longer texts may well end with white space.
_LONGEST: Final = 200
#: Values of which the spellings are listed.
_SPELLED: Final = 5


@dataclass(frozen=True)
class Signs:
    """Facts of a column for its alerts.

    `counted` are the rows with a value that were counted: all, or those picked at random. `zeros` and `padded` (texts
    with white space at an end) are of those. `spellings` has, by value, the texts that differ in case and white space.
    `personal_times` are of a personal date or time, which is masked: rows with a value (`of`), those `in_future`, and
    those `before_1900`.
    """

    is_unique: bool
    counted: int
    zeros: int
    padded: int
    spellings: list[list[dict[str, Any]]]
    outliers: dict[str, Any] | None
    personal_times: dict[str, int] | None = None


def alerts(figures: dict[str, Any], rows: int, signs: Signs) -> list[dict[str, Any]]:
    """Return a column's alerts, each with its `kind`; `rows` are those of the table."""
    found = list(_of_texts(figures, signs))
    if rows >= ENOUGH:
        found = [*_of_all(figures, rows, signs), *found]
    return found


def _of_all(figures: dict[str, Any], rows: int, signs: Signs) -> Iterable[dict[str, Any]]:
    nulls, distinct = figures["nulls"], figures["distinct"]
    for kind in ("in_future", "before_1900"):
        if signs.personal_times and (count := signs.personal_times[kind]):
            yield {"kind": kind, "rows": count, "of": signs.personal_times["of"]}
    if nulls == rows or nulls >= _NULLS * rows:
        yield {"kind": "all_null" if nulls == rows else "mostly_null", "rows": nulls, "of": rows}
        return
    if distinct == 1 and not nulls:
        yield {"kind": "constant", "rows": rows}
        return
    is_mostly_zero = distinct > 2 and signs.zeros >= _ZEROS * signs.counted
    if signs.outliers:
        yield {"kind": "outliers", **signs.outliers}
    if is_mostly_zero:
        yield {"kind": "mostly_zero", "rows": signs.zeros, "of": signs.counted}
    elif not signs.outliers and (beyond := _skew(figures)):
        yield {"kind": "skewed", "mean": figures["mean"], "beyond": beyond}


def _skew(figures: dict[str, Any]) -> str | None:
    """Return the quantile that the mean is beyond, the 5 % or 95 % one; None if it is between them."""
    mean, quantiles = figures.get("mean"), figures.get("quantiles", {})
    ends = (quantiles.get("5"), quantiles.get("95"))
    if not isinstance(mean, int | float) or not all(isinstance(end, int | float) for end in ends) or ends[0] == ends[1]:
        return None
    return "95" if mean > ends[1] else "5" if mean < ends[0] else None


def _of_texts(figures: dict[str, Any], signs: Signs) -> Iterable[dict[str, Any]]:
    if "characters" not in figures:
        return
    for ways in signs.spellings[:_SPELLED]:
        yield {"kind": "spellings", "values": ways}
    if signs.padded and (figures["length"]["max"] or 0) <= _LONGEST:
        yield {"kind": "padded", "rows": signs.padded, "of": signs.counted}
    is_key = not figures["distinct_estimated"] and figures["distinct"] == signs.counted >= _KEYS
    if is_key and not signs.is_unique and not figures["characters"]["spaces"]:
        yield {"kind": "all_different", "rows": signs.counted}
