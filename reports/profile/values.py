"""Values of a profile in words: times, spans, and values that are cut."""

from __future__ import annotations

import re
from typing import Any, Final

from order_audit.reports.formatting import figure

_LONGEST: Final = 48
_TIME: Final = re.compile(r"(\d{4,}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(\+00:00)?")
_SPAN: Final = re.compile(
    r"P(?:(?P<y>-?\d+)Y)?(?:(?P<mon>-?\d+)M)?(?:(?P<d>-?\d+)D)?"
    r"(?:T(?:(?P<h>-?\d+)H)?(?:(?P<min>-?\d+)M)?(?:(?P<s>-?[\d.]+)S)?)?"
)


def written(value: Any) -> str:
    """A value in its short form: times to the minute, and without the minutes at midnight."""
    if isinstance(value, str) and (time := _TIME.fullmatch(value)):
        return time[1] if time[2] == "00:00" and not (time[3] or "").strip(":0.") else f"{time[1]} {time[2]}"
    if isinstance(value, str) and (match := _SPAN.fullmatch(value)):
        parts = [f"{match[unit]} {unit}" for unit in match.groupdict() if match[unit]]
        return " ".join(parts) or "0 s"
    return figure(value)


def span(seconds: float) -> str:
    """Seconds in the two largest units."""
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    parts = []
    for unit, long in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if rest >= long:
            parts.append(f"{int(rest // long):,} {unit}")
            rest %= long
    return sign + " ".join([*parts, f"{rest:.3g} s"][:2])


def cut(text: str) -> tuple[str, bool]:
    """Return a text, or its beginning, and whether it was cut."""
    return (text, False) if len(text) <= _LONGEST else (text[:_LONGEST], True)
