"""Counts, shares, times: as a page says them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup


def number(value: float) -> str:
    """A whole number, or one with two digits behind the point."""
    return (f"{value:,}" if isinstance(value, int) else f"{value:,.2f}").replace("-", "−")


def share(part: int, whole: int | None) -> str:
    """A percentage that never says 0 or 100 where there is a rest."""
    if not whole:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "< 0.01 %"
    return "> 99.99 %" if 99.995 <= percent < 100 else f"{percent:.2f} %"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun; where `many` is not given, it ends in s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(at: datetime) -> Markup:
    """A time, in UTC."""
    at = at.astimezone(UTC)
    return Markup('<time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%Y-%m-%d %H:%M:%S} UTC</time>').format(at, at)


def duration(began: datetime, ended: datetime) -> str:
    """How long something took."""
    seconds = (ended - began).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min {rest:02} s"


def milliseconds(value: float) -> str:
    """Milliseconds, without their unit."""
    return f"{value:,.1f}"


def figure(value: Any) -> str:
    """A value of a column or a figure about it: whole numbers in full, others to six digits, texts as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}" if abs(value) < 1e15 else f"{value:g}"


def size(count: int) -> str:
    """A number of bytes, in the unit that keeps it short."""
    found, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if found < 1024:
            break
        found, unit = found / 1024, larger
    return f"{found:,.0f} {unit}" if unit == "bytes" or found >= 10 else f"{found:,.1f} {unit}"
