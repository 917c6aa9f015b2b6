"""A profile as text for a terminal: a line or a few per column, no colours."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from order_audit.domain import Chart, Crosstab
from order_audit.reports import profile as profiles
from order_audit.reports.control_characters import escape
from order_audit.reports.formatting import plural
from order_audit.reports.profile import Column, Table

_BARS: Final = "▁▂▃▄▅▆▇█"
_SHADES: Final = "·░▒▓█"
#: Half-hours of a week and of a day.
_WEEK: Final = 336
_DAY: Final = 48
_WIDEST: Final = 120
_NAME: Final = 40
_TYPE: Final = 24
_NULLS: Final = 10
_DISTINCT: Final = 15
_BAR: Final = 40
_CELL: Final = 12
#: A space that no line is broken at; names and values have none, since it would be escaped.
_HARD: Final = "\u00a0"
_INDENT: Final = "    "


def profile_text(profile: Mapping[str, Any], width: int = _WIDEST) -> str:
    """All tables, one after the other, in lines of `width` letters where names and values let them."""
    width = max(60, min(width, _WIDEST))
    tables = profiles.shown(profile, sys.maxsize).tables
    return "\n\n".join("\n".join(_table(table, width)) for table in tables)


def _table(table: Table, width: int) -> Iterable[str]:
    if table.error:
        yield f"{escape(table.name)}: not profiled: {escape(table.error)}"
        return
    yield f"{escape(table.name)}: {table.size}, {plural(table.width, 'column')}"
    yield from _wrapped("  ", "; ".join(table.facts), width, is_list=True)
    for error in table.errors:
        yield from _wrapped("  ", error, width)
    for name, said in table.alerts:
        yield from _wrapped("  ", f"alert: {name}: {said}", width)
    if table.more_alerts:
        yield f"  and {plural(table.more_alerts, 'more alert')}"
    for chart in table.charts:
        yield ""
        yield from _chart(chart, width)
    for crosstab in table.crosstabs:
        yield ""
        yield from _crosstab(crosstab, width)
    if not table.columns:
        return
    types = min(max(len(escape(column.type)) for column in table.columns), _TYPE)
    names = max(len(escape(column.name)) for column in table.columns)
    names = min(max(names, len("column")), width - 5 - types - _NULLS - _DISTINCT, _NAME)
    yield ""
    if table.sampled is not None:
        yield f"  of {plural(table.sampled, 'sampled row')}:"
    yield f"  {'column':<{names}} {'type':<{types}} {'nulls':>{_NULLS}} {'distinct':>{_DISTINCT}}".rstrip()
    for column in table.columns:
        yield from _column(column, names, types, width)


def _column(column: Column, names: int, types: int, width: int) -> Iterable[str]:
    head = f"  {escape(column.name):<{names}} {escape(column.type):<{types}}"
    if column.error:
        yield f"{head} {escape(column.error)}"
        return
    distinct = f"{'about ' if column.is_estimated else ''}{column.distinct:,}"
    yield f"{head} {column.nulls:>{_NULLS},} {distinct:>{_DISTINCT}}".rstrip()
    for text in column.exact:
        yield from _wrapped(_INDENT, text, width)
    if column.picked is not None:
        yield f"{_INDENT}of {plural(column.picked, 'row')} picked at random:"
    if (histogram := column.histogram) is not None:
        drawn = _spark([count for _, count in histogram.steps])
        high = escape(histogram.high) if histogram.high != histogram.low else ""
        yield f"{_INDENT}{escape(histogram.low)} {drawn} {high}".rstrip()
    if column.not_drawn:
        yield from _wrapped(_INDENT, column.not_drawn, width)
    if column.bits:
        yield from _bits(column.bits)
    if column.numbers:
        yield from _wrapped(
            _INDENT, ", ".join(f"{name}: {value}" for name, value in column.numbers), width, is_list=True
        )
    for text in column.counted:
        yield from _wrapped(_INDENT, text, width, is_list=True)
    if column.documents_by:
        yield from _wrapped(_INDENT, f"keys by {column.documents_by}:", width)
    for documents in column.documents:
        value = "null" if documents.value is None else _value(documents.value, False)
        begin = "keys" if documents.rows is None else f"{value}, {plural(documents.rows, 'row')}"
        more = [f"and {documents.more:,} more"] if documents.more else []
        keys = ", ".join([*(f"{key} {count:,}" for key, count in documents.keys), *more])
        yield from _wrapped(_INDENT, f"{begin}: {keys or 'no keys'}", width, is_list=True)
    if column.more_documents:
        yield f"{_INDENT}and {plural(column.more_documents, 'more value')}"
    if column.top:
        top_values = ", ".join(f"{_value(top.value, top.is_cut)} ({top.count:,})" for top in column.top)
        yield from _wrapped(_INDENT, f"most common: {top_values}", width, is_list=True)


def _wrapped(indent: str, text: str, width: int, *, is_list: bool = False) -> Iterable[str]:
    """A text in lines, those after the first a little further in; a list is broken after its items only."""
    text = escape(text)
    if is_list:
        text = re.sub("(?<![,;]) ", _HARD, text)
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip
    return [line.replace(_HARD, " ") for line in lines]


def _value(value: str, is_cut: bool) -> str:
    """A value of a column, in quotes where its ends would not be seen."""
    shown = f"{value}…" if is_cut else value
    return f"'{shown}'" if value != value.strip() or not value else shown


def _spark(counts: Sequence[int]) -> str:
    """A bar per count; whatever is not none shows."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-(len(_BARS) - 1) * n // most)] if n else " " for n in counts)


def _bits(shares: Sequence[float]) -> Iterable[str]:
    """The share of rows with each bit set, a line for 48 bits: of a week of half-hours a day."""
    is_week = len(shares) == _WEEK
    if is_week:
        yield f"{_INDENT}       " + "".join(f"{f'{hour}h':<12}" for hour in (0, 6, 12, 18)).rstrip()
    low, high = min(shares), max(shares)
    for start in range(0, len(shares), _DAY):
        label = f"day {start // _DAY + 1}" if is_week else f"{start + 1}"
        yield f"{_INDENT}{label:<5}  {''.join(_shade(it, low, high) for it in shares[start : start + _DAY])}"


def _shade(share: float, low: float, high: float) -> str:
    """Between the least and the greatest share; a dot is none, whatever the least is."""
    if not share:
        return _SHADES[0]
    scaled = (share - low) / (high - low) if low < high else 1.0
    return _SHADES[1 + min(3, int(scaled * 4))]


def _chart(chart: Chart, width: int) -> Iterable[str]:
    yield from _wrapped("  ", f"{chart.title} ({chart.note})" if chart.note else chart.title, width)
    names = max((len(name) for name, _ in chart.rows), default=0)
    most = max((count for _, count in chart.rows), default=0)
    notes = [f" ({note})" if note else "" for note in chart.notes] or [""] * len(chart.rows)
    ends = [f"{count:,}{note}" for (_, count), note in zip(chart.rows, notes, strict=True)]
    room = width - len(_INDENT) - names - 2 - max(map(len, ends), default=0)
    bar = max(min(_BAR, room), 1)
    for (name, count), end in zip(chart.rows, ends, strict=True):
        drawn = "█" * (bar * count // most) or "▏" if count else ""
        line = f"{_INDENT}{name:>{names}} {drawn}{' ' if drawn else ''}{end}"
        yield line if len(line) <= width else f"{line[: width - 1]}…"


def _crosstab(crosstab: Crosstab, room: int) -> Iterable[str]:
    """As many columns as there is room for, in their order."""
    wide = max(_CELL, *(len(f"{count:,}") + 1 for _, cells in crosstab.rows for count, _ in cells))
    names = max(len(name) for name in (crosstab.corner, *(name for name, _ in crosstab.rows)))
    fit = (room - len(_INDENT) - names) // wide
    heads = [escape(name) for name in crosstab.columns]
    is_cut = len(heads) > fit
    shown = fit - 1 if is_cut else len(heads)
    yield from _wrapped("  ", f"{crosstab.title} ({crosstab.note})" if crosstab.note else crosstab.title, room)
    yield f"{_INDENT}{crosstab.corner:<{names}}" + "".join(
        f"{head if len(head) < wide else head[: wide - 2] + '…':>{wide}}"
        for head in [*heads[:shown], *(["others"] if is_cut else [])]
    )
    for name, cells in crosstab.rows:
        counts = [count for count, _ in cells]
        rest = [sum(counts[shown:])] if is_cut else []
        yield f"{_INDENT}{escape(name):<{names}}" + "".join(f"{count:>{wide},}" for count in [*counts[:shown], *rest])
