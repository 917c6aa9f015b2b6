"""A customer's balance, and below it, on the same scale, the amounts to pay from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import cut, element, label, length, picture, written
from order_audit.reports.formatting import figure

_WIDTH: Final = 310.0
_ROW: Final = 15.0
_BAR: Final = 9.0
_NAME: Final = 15
_LETTER: Final = 5.5
_GAP: Final = 6.0
#: Whatever is not none shows.
_LEAST: Final = 1.0


def balance(title: str, has: Any, needs: Sequence[tuple[str, Any]]) -> Markup:
    """Draw bars from zero on: the balance, filled, and the amounts to pay, hollow beyond the balance.

    A balance that is no finite number has no bar, and neither has what is below zero.
    """
    covered = max(_number(has), 0.0)
    amounts = [_number(amount) for _, amount in needs]
    most = max([covered, *amounts, 0.0])
    rows = [("balance", has), *needs]
    labels = [_shown(amount) for _, amount in rows]
    names = max(min(len(name), _NAME) for name, _ in rows) * _LETTER
    room = max(_WIDTH - names - 2 * _GAP - max(map(len, labels)) * _LETTER, 20.0)
    scale = room / most if most else 0.0
    left = names + _GAP
    parts = []
    for place, ((name, amount), shown) in enumerate(zip(rows, labels, strict=True)):
        top, value = place * _ROW, max(_number(amount), 0.0)
        within, beyond = min(value, covered), max(value - covered, 0.0)
        inside = [
            element("title", [written(f"{name}: {shown}")]),
            label(cut(name, _NAME), names, top + _ROW - 4, "end"),
        ]
        wide = max(within * scale, _LEAST) if within else 0.0
        if wide:
            inside.append(element("rect", class_="bar", x=left, y=top + 3, width=wide, height=_BAR))
        if beyond:
            over = max(beyond * scale, 2.0)
            inside.append(
                element("rect", class_="beyond", x=left + wide + 0.5, y=top + 3.5, width=over - 1, height=_BAR - 1)
            )
            wide += over
        inside.append(label(shown, left + wide + (_GAP if wide else 0), top + _ROW - 4, class_="count"))
        parts.append(element("g", inside))
    if covered:
        x = length(left + covered * scale)
        parts.append(element("path", class_="axis", d=f"M{x} 1V{length(len(rows) * _ROW)}"))
    text = "; ".join(f"{name} {shown}" for (name, _), shown in zip(rows, labels, strict=True))
    return picture("balance", _WIDTH, len(rows) * _ROW, title, f"{text}.", parts)


def short(has: Any, needs: str, amount: Any) -> str:
    """Return the shortage of a balance in words; empty if it is sufficient."""
    if not math.isfinite(_read(has)):
        return "the balance is no amount"
    if _read(has) < 0:
        return "the balance is below zero"
    rest = _read(amount) - _read(has)
    if rest > 0:
        return f"{figure(rest)} short of {needs}"
    return f"the balance equals {needs}, and is not greater" if rest == 0 else ""


def _shown(amount: Any) -> str:
    value = _read(amount)
    return figure(amount if isinstance(amount, int | float) else value) if math.isfinite(value) else str(amount)


def _number(amount: Any) -> float:
    value = _read(amount)
    return value if math.isfinite(value) else 0.0


def _read(amount: Any) -> float:
    try:
        return float(amount)
    except (TypeError, ValueError, OverflowError):
        return math.nan
