"""Rare values that are a frequent one in another spelling: in other case, with other blanks, or with one slip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from order_audit.audit.init.candidate import FAULTS

#: Letters of a word in which one letter is a slip: shorter codes differ by one letter on purpose.
_LONG: Final = 5
#: How many times as frequent as a spelling of it a value is, at least.
_TIMES: Final = 20


def misspelled(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the rare values (`counts` has rows by value) with the one frequent value that each is a spelling of.

    All of them together are within the faults that a rule may find, else none is returned: what is more frequent may be
    meant.
    """
    total = sum(counts.values())
    found: dict[str, str] = {}
    for value, count in counts.items():
        if count <= FAULTS * total:
            right = [it for it, rows in counts.items() if rows >= _TIMES * count and _is_like(value, it)]
            right = [it for it in right if counts[it] > FAULTS * total]
            if len(right) == 1:
                found[value] = right[0]
    return found if sum(counts[value] for value in found) <= FAULTS * total else {}


def _is_like(value: str, right: str) -> bool:
    """Whether a value is another one in other case, with other blanks, or with one slip in letters alone."""
    one, other = _plain(value), _plain(right)
    if one == other:
        return True
    if min(len(one), len(other)) < _LONG or not (one.isalpha() and other.isalpha()):
        return False
    return _is_slip(one, other)


def _plain(value: str) -> str:
    return "".join(value.split()).casefold().replace("-", "").replace("_", "")


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter is missing, too many, wrong, or two neighbours are in the wrong order."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return swapped or one[start + 1 :] == other[start + 1 :]
