"""A sparkline: a value over the last runs, as a line with a dot at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import element, picture

_WIDTH: Final = 100.0
_HEIGHT: Final = 20.0
_EDGE: Final = 3.0


def sparkline(
    title: str,
    description: str,
    values: Sequence[float | None],
    bounds: Sequence[float] = (),
    low: float | None = None,
) -> Markup:
    """Draw values in their order, with gaps where one is unknown, and a line at each bound; the scale has `low`."""
    known = [value for value in (*values, *bounds, low) if value is not None]
    least, most = min(known, default=0.0), max(known, default=1.0)
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)

    def top(value: float) -> float:
        share = (value - least) / (most - least) if most > least else 0.0 if low is not None else 0.5
        return _HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE)

    parts = [element("path", class_="limit", d=f"M0 {top(bound):.2f}h{_WIDTH:.0f}") for bound in bounds]
    path, begun = "", False
    for place, value in enumerate(values):
        if value is not None:
            path += f"{'L' if begun else 'M'}{_EDGE + place * step:.2f} {top(value):.2f}"
        begun = value is not None
    if path:
        parts.append(element("path", class_="line", d=path))
    if values and (last := values[-1]) is not None:
        parts.append(element("circle", class_="end", cx=_EDGE + (len(values) - 1) * step, cy=top(last), r=2))
    return picture("sparkline", _WIDTH, _HEIGHT, title, description, parts)
