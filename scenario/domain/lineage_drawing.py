"""Orders and the ancestors that they name: a row each, the oldest on top, and an arc from each to the one it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports.diagrams.svg import cut, element, label, length, picture, written

_WIDTH: Final = 310.0
_ROW: Final = 20.0
_TOP: Final = 10.0
_DOT: Final = 3.0
#: How far an arc swings out: at least, and more for each row that it passes.
_SWING: Final = 14.0
_STEP: Final = 8.0
#: Letters' width, more or less, and how many of a text are shown.
_LETTER: Final = 5.8
_ID: Final = 14
_SAID: Final = 30
_GAP: Final = 9.0


@dataclass(frozen=True)
class Order:
    """One order of a drawing: its id, its reference, its details, and its fault.

    `there` is false for an id that is named and that no order has, `broken` true where the fault is what it names;
    `key` is true for a violating order.
    """

    id: Any
    ref: Any
    said: str = ""
    fault: str = ""
    broken: bool = False
    key: bool = False
    there: bool = True


def lineage(title: str, orders: Sequence[Order]) -> Markup:
    """Draw the orders in the given order; a fault is a note at its order, or a broken arc."""
    places = {str(order.id): place for place, order in enumerate(orders)}
    arcs = [
        (place, places[str(order.ref)], order)
        for place, order in enumerate(orders)
        if order.there and str(order.ref) in places and places[str(order.ref)] != place
    ]
    at = max((_swing(start, end) for start, end, _ in arcs), default=0.0) + 3 * _DOT
    parts = [_arc(at, start, end, broken=order.broken) for start, end, order in arcs]
    ids = at + 4 * _DOT
    texts = ids + _widest(str(order.id) for order in orders) + _GAP
    faults = texts + _widest(cut(order.said, _SAID) for order in orders if order.fault) + _GAP
    for place, order in enumerate(orders):
        parts.append(_row(order, at, _TOP + place * _ROW, (ids, texts, faults)))
    height = _TOP + max(len(orders) - 1, 0) * _ROW + _TOP
    return picture("lineage", _WIDTH, height, title, " ".join(map(_told, orders)), parts)


def _swing(start: int, end: int) -> float:
    return _SWING + _STEP * abs(start - end)


def _arc(at: float, start: int, end: int, *, broken: bool) -> Markup:
    """From an order to the one that it names, with the arrow's head there."""
    top, bottom = _TOP + start * _ROW, _TOP + end * _ROW
    out = at - _DOT - _swing(start, end)
    tip = at - _DOT - 1
    # an arc that comes from below arrives below the middle, so that heads from both sides do not meet
    bottom += 3.0 if start > end else -3.0
    points = (tip, top), (out, top), (out, bottom), (tip - 3, bottom)
    start_at, *rest = (f"{length(x)} {length(y)}" for x, y in points)
    curve = f"M{start_at}C{' '.join(rest)}"
    head = f"M{length(tip)} {length(bottom)}l-5 -2.5v5z"
    kind = "arc broken" if broken else "arc"
    return element("g", [element("path", class_=kind, d=curve), element("path", class_="head", d=head)])


def _row(order: Order, at: float, y: float, columns: tuple[float, float, float]) -> Markup:
    """Draw an order's dot (with a ring for a self-reference), and its details in columns."""
    kind = "dot" if order.there else "dot missing"
    marks = [element("circle", class_=kind + (" key" if order.key else ""), cx=at, cy=y, r=_DOT)]
    if order.there and str(order.ref) == str(order.id):
        marks.append(element("circle", class_="ring", cx=at, cy=y, r=_DOT + 2.5))
    ids, texts, faults = columns
    marks.append(label(cut(str(order.id), _ID), ids, y + 3.5, class_="id key" if order.key else "id"))
    if order.said:
        marks.append(label(cut(order.said, _SAID), texts, y + 3.5))
    if order.fault:
        room = max(int((_WIDTH - faults) / (_LETTER - 0.8)), 1)
        marks.append(label(cut(order.fault, room), faults, y + 3.5, class_="fault"))
    return element("g", [element("title", [written(_told(order))]), *marks])


def _widest(texts: Iterable[str]) -> float:
    return max((min(len(text), _SAID) for text in texts), default=0) * _LETTER


def _told(order: Order) -> str:
    """An order in words."""
    if not order.there:
        return f"{order.id}: no such order."
    names = "itself" if str(order.ref) == str(order.id) else "nothing" if order.ref is None else str(order.ref)
    more = "".join(f", {part}" for part in (order.said, order.fault) if part)
    return f"{order.id} names {names}{more}."
