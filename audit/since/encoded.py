"""Numbers as bytes of a file: the first, and the steps from each to the next, which are small between neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np

from order_audit.audit.since.numbers import Numbers
from order_audit.audit.since.values import NULL

#: NULL's number in four bytes, where no other number is the same there.
_SHORT_NULL: Final = NULL % (1 << 32) - (1 << 32)
_STEPS: Final = ("<i1", "<i2", "<i4", "<i8")


def encoded(numbers: Numbers) -> tuple[str, bytes]:
    """Return the form of numbers, and their bytes.

    The form has the type of the numbers, with an `n` if they are of four bytes with NULLs, and the type of the steps.
    """
    narrow, form = _narrow(numbers)
    if not len(narrow):
        return f"{form}-i1", b""
    with np.errstate(over="ignore"):
        steps = np.diff(narrow)  # those that are too large go round, there and back
    low, high = (int(steps.min()), int(steps.max())) if len(steps) else (0, 0)
    kind = next(it for it in _STEPS if np.iinfo(it).min <= low and high <= np.iinfo(it).max)
    return f"{form}-{kind[1:]}", int(narrow[0]).to_bytes(8, "little", signed=True) + steps.astype(kind).tobytes()


def decoded(form: str, content: bytes) -> Numbers:
    """Return the numbers of a form and bytes, in four bytes each if they fit. Raises ValueError."""
    type_, _, kind = form.partition("-")
    steps = np.frombuffer(content, f"<{kind}", offset=min(8, len(content)))
    numbers: Numbers = np.empty(len(steps) + 1 if content else 0, np.int64 if type_ == "i8" else np.int32)
    if content:
        numbers[0] = int.from_bytes(content[:8], "little", signed=True)
        numbers[1:] = steps
        np.cumsum(numbers, dtype=numbers.dtype, out=numbers)
    if type_ != "i4n":
        return numbers
    wide = numbers.astype(np.int64)
    wide[numbers == _SHORT_NULL] = NULL
    return wide


def _narrow(numbers: Numbers) -> tuple[Numbers, str]:
    """Return numbers in four bytes each if that is possible, and the name of that form."""
    if numbers.dtype == np.int32:
        return numbers, "i4"
    short = numbers.astype(np.int32)
    other = short != numbers
    if not other.any():
        return short, "i4"
    if (numbers[other] == NULL).all() and np.array_equal(short == _SHORT_NULL, other):
        return short, "i4n"
    return numbers.astype(np.int64, copy=False), "i8"
