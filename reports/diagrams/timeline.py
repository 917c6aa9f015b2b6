"""A timeline: a count in each of many runs, as a line from zero on, with a mark where a run failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import element, label, length, picture, written

_WIDTH: Final = 720.0
_TOP: Final = 14.0
_HEIGHT: Final = 90.0
_BELOW: Final = 28.0
_EDGE: Final = 4.0


@dataclass(frozen=True)
class Point:
    """A run: its day, its count, what a reader is to know of it, and whether it failed."""

    day: str
    count: int
    text: str
    failed: bool


def timeline(title: str, points: Sequence[Point]) -> Markup:
    """Draw the counts in their order; below the axis stands a mark for each run that failed."""
    most = max((it.count for it in points), default=0)
    step = (_WIDTH - 2 * _EDGE) / max(len(points) - 1, 1)
    floor = _TOP + _HEIGHT
    places = [(_EDGE + place * step, floor - _HEIGHT * it.count / (most or 1)) for place, it in enumerate(points)]
    line = "L".join(f"{length(x)} {length(y)}" for x, y in places)
    parts = [element("path", class_="axis", d=f"M0 {length(floor + 0.5)}h{length(_WIDTH)}")]
    if places:
        area = f"M{length(places[0][0])} {length(floor)}L{line}L{length(places[-1][0])} {length(floor)}z"
        parts += [element("path", class_="area", d=area), element("path", class_="line", d=f"M{line}")]
        parts.append(element("circle", class_="end", cx=places[-1][0], cy=places[-1][1], r=2.5))
        ticks = "".join(
            f"M{length(x)} {length(floor + 3)}v6" for (x, _), it in zip(places, points, strict=True) if it.failed
        )
        parts += [element("path", class_="failed", d=ticks)] * bool(ticks)
        # the whole height reacts to the pointer, since a line is hard to hit
        parts += [
            element("rect", [element("title", [written(it.text)])], class_="hit", x=max(x - step / 2, 0), y=_TOP,
                    width=min(step, _WIDTH), height=_HEIGHT)
            for (x, _), it in zip(places, points, strict=True)
        ]  # fmt: skip
        parts.append(label(f"{most:,}", 0, _TOP - 3))
        parts.append(label(points[0].day, 0, floor + _BELOW - 4))
        if len(points) > 1:
            parts.append(label(points[-1].day, _WIDTH, floor + _BELOW - 4, "end"))
    return picture("timeline", _WIDTH, floor + _BELOW, title, _said(points, most), parts)


def _said(points: Sequence[Point], most: int) -> str:
    if not points:
        return "No run."
    failed = sum(it.failed for it in points)
    return (
        f"From {points[0].text} to {points[-1].text}; at most {most:,};"
        f" the gate failed in {failed:,} of {len(points):,} runs."
    )
