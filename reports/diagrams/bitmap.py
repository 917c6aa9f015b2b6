"""A bitmap over many rows: the share of them that has each bit set, darker where it is more.

Shades lie between the least and the greatest share, so that small differences are seen.

A week of half-hours is 7 days by 48 columns with the hours above; other bitmaps are lines of 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import element, label, length, picture, written
from order_audit.reports.formatting import plural, share

_DAYS: Final = 7
_HALF_HOURS: Final = 48
WEEK: Final = _DAYS * _HALF_HOURS
_LINE: Final = 64
_LEFT: Final = 34.0
_TOP: Final = 12.0
_ROW: Final = 11.0
_CELL: Final = 9.0
_WIDTH: Final = 312.0
#: The palest that is not blank, so that a few are never taken for none.
_PALEST: Final = 0.12


def bitmap(title: str, shares: Sequence[float], rows: int) -> Markup:
    """Draw a line of cells per day, or per 64 bits; `shares` has for each bit the share of `rows` with it.

    The darkest cell is the greatest share, the palest the least. Neighbours with equal shares are one cell.
    """
    is_week = len(shares) == WEEK
    line = _HALF_HOURS if is_week else min(_LINE, max(len(shares), 1))
    wide = _WIDTH / (_HALF_HOURS if is_week else _LINE)
    least, most = min(shares, default=0.0), max(shares, default=0.0)
    count = -(-len(shares) // line)
    parts = [
        label(heading, _LEFT + at * wide, _TOP - 4, "" if at == 0 else "end" if at == line else "middle")
        for at, heading in (_hours() if is_week else ((0, "1"), (line, str(line))))
        if is_week or line > 1 or not at
    ]
    for number in range(count):
        top = _TOP + number * _ROW
        cells = shares[number * line : (number + 1) * line]
        name = f"Day {number + 1}" if is_week else str(number * line + 1)
        parts.append(label(name, 0, top + _CELL - 1.5))
        parts.append(element("rect", class_="off", x=_LEFT, y=top, width=len(cells) * wide, height=_CELL))
        for start, length_, value in _runs(cells):
            position = f"{_when(number, start, length_) if is_week else _which(number * line + start, length_)}"
            attributes: dict[str, str | float] = {"class_": "on" if value else "hit"}
            if value:
                scaled = (value - least) / (most - least) if least < most else 1.0
                attributes["fill_opacity"] = _PALEST + (1 - _PALEST) * scaled
            parts.append(
                element(
                    "rect",
                    [element("title", [written(f"{position}: {_told(value, rows)}")])],
                    **attributes,
                    x=_LEFT + start * wide,
                    y=top,
                    width=length_ * wide,
                    height=_CELL,
                )
            )
    if is_week:
        lines = "".join(f"M{length(_LEFT + at * wide)} {_TOP}v{count * _ROW}" for at, _ in _hours())
        parts.append(element("path", class_="axis", d=lines))
    return picture("bitmap", _LEFT + _WIDTH, _TOP + max(count, 1) * _ROW, title, extremes(shares, rows), parts)


def extremes(shares: Sequence[float], rows: int) -> str:
    """In how many of the rows the least and the most frequent bit is set, and which is the first to be so."""
    if not shares:
        return "No bits."
    unit = "half-hour" if len(shares) == WEEK else "bit"
    if rows == 1:
        return f"On in {sum(map(bool, shares))} of {plural(len(shares), unit)}."
    if len({*shares}) == 1:
        return f"Each {unit} is {_told(shares[0], rows)}."

    def at(value: float) -> str:
        place = shares.index(value)
        where = _when(*divmod(place, _HALF_HOURS), 1) if unit == "half-hour" else _which(place, 1)
        return f"{round(value * rows):,} ({where[0].lower()}{where[1:]})"

    ends = f"{at(min(shares))} to {at(max(shares))} of {plural(rows, 'row')}"
    return f"On in {ends}; shades range from the least to the greatest."


def _runs(shares: Sequence[float]) -> list[tuple[int, int, float]]:
    """Where neighbours of the same share begin, how many they are, and the share."""
    runs, place = [], 0
    for value, group in groupby(shares):
        count = len(list(group))
        runs.append((place, count, value))
        place += count
    return runs


def _hours() -> list[tuple[int, str]]:
    return [(hour * 2, f"{hour}h") for hour in (0, 6, 12, 18, 24)]


def _when(day: int, start: int, count: int) -> str:
    return f"Day {day + 1}, {_clock(start)} to {_clock(start + count)}"


def _clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


def _which(start: int, count: int) -> str:
    return f"Bit {start + 1}" if count == 1 else f"Bits {start + 1} to {start + count}"


def _told(value: float, rows: int) -> str:
    """On or off for one row, a count with its share for many."""
    if rows == 1:
        return "on" if value else "off"
    count = round(value * rows)
    return f"on in {count:,} of {rows:,} rows" + (f" ({share(count, rows)})" if count > 0 else "")
