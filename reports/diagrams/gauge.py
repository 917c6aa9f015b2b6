"""A gauge: a measured value as a bar, with a line at each bound, and a dot where the value was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import element, picture, written

_WIDTH: Final = 160.0
_HEIGHT: Final = 16.0
_BAR: Final = 8.0
_LEAST: Final = 1.0
#: The room beside the outermost mark.
_EDGE: Final = 3.0


@dataclass(frozen=True)
class Mark:
    """A bound on the scale: where it is, its severity, and its words."""

    at: float
    severity: str
    text: str


def gauge(title: str, value: float, marks: Sequence[Mark], before: float | None, ends: tuple[float, float]) -> Markup:
    """Draw a value on a scale from one end to the other. The bar begins at zero, if that is on the scale."""
    low, high = ends
    room = _WIDTH - 2 * _EDGE

    def place(at: float) -> float:
        return _EDGE + (room * (at - low) / (high - low) if high > low else 0.0)

    top = (_HEIGHT - _BAR) / 2
    start, end = sorted((place(min(max(0.0, low), high)), place(value)))
    parts = [
        element("rect", class_="track", x=_EDGE, y=top, width=room, height=_BAR),
        element("rect", class_="bar", x=start, y=top, width=max(end - start, _LEAST), height=_BAR),
    ]
    if before is not None:
        dot = element("circle", [element("title", [written("before")])], cx=place(before), cy=_HEIGHT / 2, r=2.5)
        parts.append(element("g", [dot], class_="before"))
    parts += [
        element(
            "path", [element("title", [written(mark.text)])], class_=f"bound {mark.severity}",
            d=f"M{place(mark.at):.2f} 1v{_HEIGHT - 2:.0f}",
        )
        for mark in marks
    ]  # fmt: skip
    return picture("gauge", _WIDTH, _HEIGHT, title, "; ".join(mark.text for mark in marks), parts)
