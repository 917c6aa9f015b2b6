"""Evidence rows: limited to the size of a page, each value as markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from order_audit.reports import escaping
from order_audit.reports.document import JsonObject, Result

#: Lengths above which values are folded, shown of a folded value, and cut.
_LONG: Final = 120
_BEGINNING: Final = 80
_LONGEST: Final = 4000
#: The limit of all evidence on a page, in bytes of markup: the page stays below 3 MB.
_BUDGET: Final = 1_500_000
#: Bytes of markup around a value, and of a fold.
_AROUND: Final = 40
_FOLD: Final = 120
#: Limits to try in this order: rows of each rule (None: all), and length of a value.
_WAYS: Final = (
    *((None, longest) for longest in (_LONGEST, 1000, 250)),
    *((rows, 250) for rows in (500, 200, 100, 50, 20)),
    *((rows, _BEGINNING) for rows in (20, 10, 5, 2, 1)),
)
#: A week of half-hours: 7 x 48 bits.
_DAYS: Final = 7
_HALF_HOURS: Final = 48
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN")
#: Numbers that JSON can only represent as text.
_NOT_FINITE: Final = ("NaN", "Infinity", "-Infinity")
#: json.dumps() makes an encoder at each call that asks for anything.
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Cut:
    """The beginning of a value, one letter longer than the page shows, and the length of the whole value."""

    beginning: str
    length: int


def bounded(tables: Sequence[Sequence[JsonObject]]) -> list[list[JsonObject]]:
    """Return the tables cut to the size limit of a page: fewer rows, shorter values."""
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
    """Return a value's length, and the bytes of markup per character, estimated from its first characters."""
    whole = _written(value)
    first = escaping.visible(whole, evidence=True, end=_LONG)
    return len(whole), len(first.encode()) / max(1, min(len(whole), _LONG))


def _cut(value: Any, longest: int) -> Any:
    whole = _written(value)
    return value if len(whole) <= max(longest, _LONG) or week(value) else Cut(whole[: longest + 1], len(whole))


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    return "" if value is None else _encoded(value)


@dataclass(frozen=True)
class Column:
    """A column of evidence. `key`: it belongs to the key; `number`: its values are numbers."""

    name: str
    key: bool
    number: bool


def columns(result: Result) -> list[Column]:
    """Return the columns of a finding's examples: key columns, highlighted columns, others."""
    rows = result.examples
    key = result.key.split(", ")
    first = (name for name in (*key, *(result.highlight or ())) if any(name in row for row in rows))
    names = dict.fromkeys([*first, *(name for row in rows for name in row)])
    return [Column(name, name in key, _is_number(row.get(name) for row in rows)) for name in names]


def _is_number(values: Iterable[Any]) -> bool:
    present = [value for value in values if value is not None]
    numbers = [value for value in present if isinstance(value, int | float) and not isinstance(value, bool)]
    texts = [value for value in present if isinstance(value, str) and _NUMBER.fullmatch(value)]
    are_numbers = numbers or all(value in _NOT_FINITE for value in present)
    return bool(present and are_numbers) and len(numbers) + len(texts) == len(present)


def cell(value: Any) -> Markup:
    """Return the markup of one value."""
    if value is None:
        return Markup('<i class="none">null</i>')
    if value == "":
        return Markup('<i class="none">empty</i>')
    if not isinstance(value, Cut):
        whole = _written(value)
        if len(whole) <= _LONG:
            return Markup(f"<bdi>{escaping.visible(whole, evidence=True)}</bdi>")  # noqa: S704 # it is escaped
        value = Cut(whole[: _LONGEST + 1], len(whole))
    shown = min(len(value.beginning) - (len(value.beginning) < value.length), _LONGEST)
    summary = Markup("<bdi>{}</bdi>… <i>{:,} characters</i>").format(
        escaping.visible(value.beginning, evidence=True, end=_BEGINNING), value.length
    )
    if shown <= _BEGINNING:
        return summary
    cut = Markup("… <i>cut here</i>") if value.length > shown else ""
    return Markup('<details class="long"><summary>{}</summary><bdi>{}</bdi>{}</details>').format(
        summary, escaping.visible(value.beginning, evidence=True, end=shown), cut
    )


@dataclass(frozen=True)
class Week:
    """A week's bitmap: `said` in words; `days` with the start and length of each run of half-hours that are on."""

    said: str
    days: list[list[tuple[int, int]]]


def week(value: Any) -> Week | None:
    """Parse a week's bitmap; None for other values."""
    if not isinstance(value, str) or not re.fullmatch(f"[01]{{{_DAYS * _HALF_HOURS}}}", value):
        return None
    days = (value[place : place + _HALF_HOURS] for place in range(0, len(value), _HALF_HOURS))
    return Week(
        f"on in {value.count('1')} of {len(value)} half-hours" if "1" in value else "never on",
        [[(run.start(), len(run[0])) for run in re.finditer("1+", day)] for day in days],
    )
