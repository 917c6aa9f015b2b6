"""Format counts, shares, times and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

#: The mark of each severity: the shapes of the page.
MARKS: Final = {"critical": "◆", "warning": "▲", "info": "○"}


def number(value: float) -> str:
    """Return an integer, or a number with two decimal places."""
    return (f"{value:,}" if isinstance(value, int) else f"{value:,.2f}").replace("-", "−")


def share(part: int, whole: int | None) -> str:
    """Return a percentage; only exact values are 0 % or 100 %."""
    if not whole:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "< 0.01 %"
    return "> 99.99 %" if 99.995 <= percent < 100 else f"{percent:.2f} %"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun; the default of `many` is `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def bracketed(keys: Sequence[str], *, more: bool) -> str:
    """Return keys in one pair of brackets: a key of several columns has its own. `more`: not all of them."""
    text = ", ".join(keys) + (" …" if more else "")
    return text if keys and all(key.startswith("(") and key.endswith(")") for key in keys) else f"({text})"


def moment(at: datetime) -> Markup:
    """Return a time in UTC."""
    at = at.astimezone(UTC)
    return Markup('<time datetime="{:%Y-%m-%dT%H:%M:%SZ}">{:%Y-%m-%d %H:%M:%S} UTC</time>').format(at, at)


def duration(began: datetime, ended: datetime) -> str:
    """Return the time between two moments."""
    seconds = (ended - began).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min {rest:02} s"


def milliseconds(value: float) -> str:
    """Return milliseconds without the unit."""
    return f"{value:,.1f}"


def figure(value: Any) -> str:
    """Return a value or a figure of a column: integers in full, other numbers to six digits, texts unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}" if abs(value) < 1e15 else f"{value:g}"


def size(count: int) -> str:
    """Return a number of bytes in a suitable unit."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:,.0f} {unit}" if unit == "bytes" or amount >= 10 else f"{amount:,.1f} {unit}"


def changes_text(changes: int, changed: Mapping[str, int], deleted: Mapping[str, int]) -> str:
    """Return changes, different rows and deleted rows in words; the rows are by table."""
    if not changes:
        return "nothing to change"
    rows, gone = sum(changed.values()) + sum(deleted.values()), sum(deleted.values())
    text = (
        f"{plural(changes, 'change')} to {plural(rows, 'row')}" if changes != rows else f"{plural(rows, 'row')} changed"
    )
    return f"{text}, of which {gone:,} {'is' if gone == 1 else 'are'} deleted" if gone else text
