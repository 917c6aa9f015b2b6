"""A histogram: counts of equal steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import element, label, length, picture, written
from order_audit.reports.formatting import plural

_WIDTH: Final = 240.0
_TOP: Final = 12.0
_HEIGHT: Final = 30.0
_BELOW: Final = 12.0
#: The smallest visible length of a part that is not empty.
_LEAST: Final = 1.0
#: The approximate width of a letter, to keep the tallest bar's count inside.
_LETTER: Final = 5.5


def histogram(title: str, steps: Sequence[tuple[str, int]], low: str, high: str, unit: str = "row") -> Markup:
    """Draw bars from zero on, as tall as their counts; the tallest has its count above it.

    `steps` has the range of each bar in words, and its count; `low` and `high` are the ends of the axis.
    """
    counts = [count for _, count in steps]
    most = max(counts, default=0)
    width = _WIDTH / max(len(steps), 1)
    floor = _TOP + _HEIGHT
    outline, parts = [], []
    for place, (step, count) in enumerate(steps):
        if not count:
            continue
        left, tall = place * width, max(_HEIGHT * count / most, _LEAST)
        outline.append(f"M{length(left)} {length(floor)}h{length(width - 1)}v{length(-tall)}H{length(left)}z")
        # the whole height reacts to the pointer, since a low bar is hard to hit
        tooltip = element("title", [written(f"{step}: {plural(count, unit)}")])
        parts.append(element("rect", [tooltip], class_="hit", x=left, y=_TOP, width=width, height=_HEIGHT))
    if most:
        parts.insert(0, element("path", class_="bar", d="".join(outline)))
        parts.append(_peak(counts.index(most), most, width))
    parts.append(element("path", class_="axis", d=f"M0 {length(floor + 0.5)}h{length(_WIDTH)}"))
    parts.append(label(low, 0, floor + _BELOW - 1))
    if high != low:
        parts.append(label(high, _WIDTH, floor + _BELOW - 1, "end"))
    return picture("histogram", _WIDTH, floor + _BELOW, title, _said(steps, low, high, unit), parts)


def _peak(place: int, most: int, width: float) -> Markup:
    """Return the tallest bar's count, above it and inside the diagram."""
    count = f"{most:,}"
    half = len(count) * _LETTER / 2
    return label(count, min(max((place + 0.5) * width, half), _WIDTH - half), _TOP - 3, "middle")


def _said(steps: Sequence[tuple[str, int]], low: str, high: str, unit: str) -> str:
    step, most = max(steps, key=lambda step: step[1], default=("", 0))
    if not most:
        return "Nothing to count."
    return f"From {low} to {high}; the most, {plural(most, unit)}, at {step}."
