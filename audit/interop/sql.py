"""Conditions on columns that several formats share."""

from __future__ import annotations

from typing import Any, Final

from order_audit.audit.interop.check import CannotImportError
from order_audit.audit.interop.names import literal, text

#: How one bound is exceeded: the operator of a value outside.
_OUTSIDE: Final = {("min", False): "<", ("min", True): "<=", ("max", False): ">", ("max", True): ">="}


def outside(column: str, low: Any, high: Any, *, strict_low: bool = False, strict_high: bool = False) -> str:
    """Return the condition of a value outside of a range; a strict bound is outside of it."""
    parts = [
        f"{column} {_OUTSIDE[side, strict]} {literal(bound)}"
        for side, bound, strict in (("min", low, strict_low), ("max", high, strict_high))
        if bound is not None
    ]
    if not parts:
        raise CannotImportError("it has no limit")
    return f"({' or '.join(parts)})" if len(parts) > 1 else parts[0]


def matches(column: str, pattern: str, *, negated: bool = False) -> str:
    """Return the condition of a text that contains a match of a regular expression of PostgreSQL, or does not."""
    return f"{column} {'!~' if negated else '~'} {text(pattern)}"


def bound(low: Any, high: Any) -> str:
    """Return the bound of a measured value between two limits, both inclusive, as a rule file has it."""
    if low is None and high is None:
        raise CannotImportError("it has no limit")
    if low is not None and high is not None:
        return f"equals {_shown(low)}" if low == high else f"between {_shown(low)} and {_shown(high)}"
    return f"at_least {_shown(low)}" if high is None else f"at_most {_shown(high)}"


def percent(share: float) -> str:
    """Return a share as a percentage, exactly: 0.98 is `98 %`."""
    digits = literal(share)
    return f"{_hundredfold(digits)} %"


def _hundredfold(digits: str) -> str:
    from decimal import Decimal

    shown = f"{Decimal(digits) * 100:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CannotImportError(f"the limit {value!r} is neither a number nor a date")
    return literal(value) if isinstance(value, int | float) else value
