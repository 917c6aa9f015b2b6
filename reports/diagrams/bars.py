"""A horizontal bar chart: a row each, its name on the left, its count on the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import cut, element, label, picture, written
from order_audit.reports.formatting import plural, share

_WIDTH: Final = 300.0
_ROW: Final = 15.0
_BAR: Final = 11.0
_GAP: Final = 6.0
#: The approximate width of a letter, and the number of displayed letters of a name.
_LETTER: Final = 5.5
_NAME: Final = 20
#: The smallest visible length of a bar that is not empty.
_LEAST: Final = 1.0


def bars(title: str, rows: Sequence[tuple[str, int]], unit: str = "row", notes: Sequence[str] = ()) -> Markup:
    """Bars on one scale that begins with zero, in the order of `rows`, which have names and counts.

    Each of `notes`, if there are any, is written in brackets after the count of the row at its place.
    """
    total, most = sum(count for _, count in rows), max((count for _, count in rows), default=0)
    names = max((min(len(name), _NAME) for name, _ in rows), default=0) * _LETTER
    shown = [
        f"{count:,} ({notes[place]})" if place < len(notes) and notes[place] else f"{count:,}"
        for place, (_, count) in enumerate(rows)
    ]
    counts = max(map(len, shown), default=0) * _LETTER
    room = max(_WIDTH - names - counts - 2 * _GAP, 0.0)
    parts = []
    for place, (name, count) in enumerate(rows):
        top = place * _ROW
        wide = max(room * count / most, _LEAST) if count else 0.0
        tooltip = f"{name}: {plural(count, unit)}" + (f" ({share(count, total)})" if total else "")
        inside = [
            element("title", [written(tooltip)]),
            element("rect", class_="hit", width=_WIDTH, y=top, height=_ROW),
            label(cut(name, _NAME), names, top + _ROW - 4, "end"),
        ]
        if wide:
            inside.append(element("rect", class_="bar", x=names + _GAP, y=top + 2, width=wide, height=_BAR))
        inside.append(
            label(shown[place], names + 2 * _GAP + wide - (0 if wide else _GAP), top + _ROW - 4, class_="count")
        )
        parts.append(element("g", inside))
    summary = "; ".join(f"{name}: {count:,}" for name, count in rows)
    return picture("bars", _WIDTH, max(len(rows), 1) * _ROW, title, summary or "Nothing to count.", parts)
