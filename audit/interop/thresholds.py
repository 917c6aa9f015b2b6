"""Comparisons with numbers, as bounds of a rule file or as SQL. Bounds are inclusive and of one side or two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from order_audit.audit.interop.check import CannotImportError
from order_audit.audit.interop.names import literal
from order_audit.audit.interop.sql import bound

Number = int | float


@dataclass(frozen=True)
class Comparison:
    """What a number must be: within two limits, of which either may be missing or strict; `negated`: not within."""

    low: Number | None = None
    high: Number | None = None
    strict_low: bool = False
    strict_high: bool = False
    negated: bool = False

    def most(self) -> int | None:
        """Return the greatest count that passes, if it is an upper limit of a count alone."""
        if self.negated or self.high is None or (self.low is not None and (self.low > 0 or self.strict_low)):
            return None
        most = math.ceil(self.high) - 1 if self.strict_high else math.floor(self.high)
        return most if most >= 0 else None

    def bound(self, *, is_whole: bool) -> str:
        """Return the bound of a rule file, or nothing without one. Of whole numbers, strict limits become inclusive."""
        low, high = self.low, self.high
        if is_whole:
            low = None if low is None else math.floor(low) + 1 if self.strict_low else math.ceil(low)
            high = None if high is None else math.ceil(high) - 1 if self.strict_high else math.floor(high)
        elif self.strict_low or self.strict_high:
            return ""
        if self.negated or (low is not None and high is not None and low > high):
            return ""
        return bound(low, high)

    def sql(self, value: str) -> str:
        """Return the condition of a value that passes."""
        if self.low is not None and self.low == self.high:
            return f"{value} {'<>' if self.negated else '='} {literal(self.low)}"
        parts = [
            f"{value} {sign}{'' if strict else '='} {literal(limit)}"
            for limit, sign, strict in ((self.low, ">", self.strict_low), (self.high, "<", self.strict_high))
            if limit is not None
        ]
        inside = " and ".join(parts)
        return f"not ({inside})" if self.negated else inside


def number(value: Any, what: str) -> Number:
    """Return a number. Raises CannotImportError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CannotImportError(f"{what} is no number")
    return value


def duration(seconds: int, more: str = "") -> str:
    """Return a duration in days of 24 hours and seconds, as a bound has it; `more` are decimals of a second."""
    days, rest = divmod(seconds, 86400)
    parts = [f"{days} days"] if days else []
    if rest or more or not days:
        parts.append(f"{rest}{more} seconds")
    return " ".join(parts)
