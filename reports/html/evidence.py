"""Rows as evidence: as much of them as a page can bear, each value with what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports import escaping
from order_audit.reports.document import JsonObject, Result

#: Longer values are folded away behind their beginning, and longer ones yet are cut.
_LONG: Final = 120
_BEGINNING: Final = 80
_LONGEST: Final = 4000
#: What all evidence on a page may take, in bytes of markup: the page stays below 3 MB.
_BUDGET: Final = 1_500_000
#: The markup around a value, and what it takes to fold one away.
_AROUND: Final = 40
_FOLD: Final = 120
#: Ways to stay within it, the best first: rows of each rule (None: all that there are), and how long a value may be.
_WAYS: Final = (
    *((None, longest) for longest in (_LONGEST, 1000, 250)),
    *((rows, 250) for rows in (500, 200, 100, 50, 20)),
    *((rows, _BEGINNING) for rows in (20, 10, 5, 2, 1)),
)
#: A week of half-hours: 7 x 48 bits.
_DAYS: Final = 7
_HALF_HOURS: Final = 48
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN")
#: What JSON has as text alone, though it is of a number's type.
_NOT_FINITE: Final = ("NaN", "Infinity", "-Infinity")


@dataclass(frozen=True)
class Cut:
    """The beginning of a value, with one more letter than is shown of it, and how long the whole is."""

    beginning: str
    length: int


def bounded(tables: Sequence[Sequence[JsonObject]]) -> list[list[JsonObject]]:
    """The first rows of each, and the beginnings of their values, as much as a page can bear: all, mostly."""
    costs = [[[_cost(value) for value in row.values()] for row in rows] for rows in tables]
    for way in _WAYS:
        if _taken(costs, *way) <= _BUDGET:
            break
    shown, longest = way
    return [[{name: _cut(value, longest) for name, value in row.items()} for row in rows[:shown]] for rows in tables]


def _taken(costs: list[list[list[tuple[int, float]]]], rows: int | None, longest: int) -> float:
    return sum(
        _AROUND + each * (min(length, longest) + (_BEGINNING if length > _LONG else 0)) + _FOLD * (length > _LONG)
        for table in costs
        for row in table[:rows]
        for length, each in row
    )


def _cost(value: Any) -> tuple[int, float]:
    """How long a value is, and the bytes that each of its characters takes, reckoned from the first of them."""
    whole = _written(value)
    first = escaping.visible(whole, evidence=True, end=_LONG)
    return len(whole), len(first.encode()) / max(1, min(len(whole), _LONG))


def _cut(value: Any, longest: int) -> Any:
    whole = _written(value)
    return value if len(whole) <= max(longest, _LONG) or week(value) else Cut(whole[: longest + 1], len(whole))


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Column:
    """A column of evidence: whether it is of the key, and whether its values are numbers."""

    name: str
    key: bool
    number: bool


def columns(found: Result) -> list[Column]:
    """The columns of a finding's examples: those of the key, those that are wrong, the others."""
    rows = found.examples
    key = found.key.split(", ")
    first = (name for name in (*key, *(found.highlight or ())) if any(name in row for row in rows))
    names = dict.fromkeys([*first, *(name for row in rows for name in row)])
    return [Column(name, name in key, _is_number(row.get(name) for row in rows)) for name in names]


def _is_number(values: Iterable[Any]) -> bool:
    there = [value for value in values if value is not None]
    numbers = [value for value in there if isinstance(value, int | float) and not isinstance(value, bool)]
    texts = [value for value in there if isinstance(value, str) and _NUMBER.fullmatch(value)]
    sure = numbers or all(value in _NOT_FINITE for value in there)
    return bool(there and sure) and len(numbers) + len(texts) == len(there)


def cell(value: Any) -> Markup:
    """One value of the evidence."""
    if value is None:
        return Markup('<i class="none">null</i>')
    if value == "":
        return Markup('<i class="none">empty</i>')
    if not isinstance(value, Cut):
        whole = _written(value)
        if len(whole) <= _LONG:
            return Markup("<bdi>{}</bdi>").format(escaping.visible(whole, evidence=True))
        value = Cut(whole[: _LONGEST + 1], len(whole))
    shown = min(len(value.beginning) - (len(value.beginning) < value.length), _LONGEST)
    told = Markup("<bdi>{}</bdi>… <i>{:,} characters</i>").format(
        escaping.visible(value.beginning, evidence=True, end=_BEGINNING), value.length
    )
    if shown <= _BEGINNING:
        return told
    cut = Markup("… <i>cut here</i>") if value.length > shown else ""
    return Markup('<details class="long"><summary>{}</summary><bdi>{}</bdi>{}</details>').format(
        told, escaping.visible(value.beginning, evidence=True, end=shown), cut
    )


@dataclass(frozen=True)
class Week:
    """A week's bitmap in words; and by day, where half-hours that are on begin, and how many they are."""

    said: str
    days: list[list[tuple[int, int]]]


def week(value: Any) -> Week | None:
    """A week's bitmap, ready to be drawn."""
    if not isinstance(value, str) or not re.fullmatch(f"[01]{{{_DAYS * _HALF_HOURS}}}", value):
        return None
    days = (value[place : place + _HALF_HOURS] for place in range(0, len(value), _HALF_HOURS))
    return Week(
        f"on in {value.count('1')} of {len(value)} half-hours" if "1" in value else "never on",
        [[(run.start(), len(run[0])) for run in re.finditer("1+", day)] for day in days],
    )
