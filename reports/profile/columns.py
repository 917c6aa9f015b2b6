"""Columns of a profile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from order_audit.reports import diagrams
from order_audit.reports.formatting import figure, number
from order_audit.reports.profile.alerts import beyond, is_span
from order_audit.reports.profile.model import Column, Documents, Histogram, Top
from order_audit.reports.profile.values import cut, span, written

_TOP: Final = 5
#: Values of another column that JSON documents are shown beside.
_BESIDE: Final = 12
_KEYS: Final = 12
#: Keys of JSON documents of which the spellings are listed.
_VARIANTS: Final = 5
#: Letters of the commonest values together, the first apart.
_LETTERS: Final = 130
_LARGEST: Final = 2**53
_CLASSES: Final = {
    "digits": "digits",
    "letters": "letters",
    "upper": "capitals",
    "lower": "small letters",
    "spaces": "spaces",
    "punctuation": "punctuation",
    "non_ascii": "characters beyond ASCII",
}


def column(table: str, name: str, figures: Mapping[str, Any], rows: int) -> Column:
    """Return the displayed figures of a column; `rows` is the number of rows of its table."""
    shown = Column(table, name, figures["type"], rows=rows)
    if "error" in figures:
        shown.error = figures["error"]
        return shown
    shown.nulls = figures["nulls"]
    shown.distinct, shown.is_estimated = figures["distinct"], figures["distinct_estimated"]
    shown.picked = figures.get("picked_rows")
    shown.there = rows - figures["nulls"] if shown.picked is None else shown.picked
    shown.exact = list(_exact(figures))
    shown.histogram = _histogram(figures)
    if shown.histogram and (outliers := figures["histogram"].get("outliers")):
        shown.not_drawn = f"not drawn: {beyond(outliers, is_span(figures))}"
    shown.bits = figures.get("bits", ())
    shown.numbers = list(_numbers(figures))
    shown.counted = list(_counted(figures, shown.there))
    by_value = figures.get("by_value", ())
    shown.documents = [_documents(it["value"], it["rows"], it["keys"]) for it in by_value[:_BESIDE]]
    shown.documents_by = figures.get("by_column", "")
    shown.more_documents = max(0, len(by_value) - _BESIDE)
    if not by_value and figures.get("keys"):
        shown.documents = [_documents("", None, figures["keys"])]
    if "true" in figures:
        shown.top = [Top(value, False, figures[value]) for value in ("true", "false") if figures[value]]
    elif not shown.bits:
        shown.top = list(_top(figures["top"], "quantiles" in figures and "nan" not in figures))
    return shown


def _histogram(figures: Mapping[str, Any]) -> Histogram | None:
    histogram = figures.get("histogram")
    if not histogram or not any(histogram["counts"]):
        return None
    bounds, counts = histogram["bounds"], histogram["counts"]
    if _is_whole(figures):
        return Histogram(_whole_steps(bounds, counts), figure(round(bounds[0])), figure(round(bounds[-1])))
    shown = [span(bound) if is_span(figures) else written(bound) for bound in bounds]
    return Histogram(_steps(shown, counts), shown[0], shown[-1])


def _is_whole(figures: Mapping[str, Any]) -> bool:
    """Whether it is a column of whole numbers, all of which a float holds exactly."""
    ends = figures["min"], figures["max"]
    return "nan" not in figures and all(isinstance(end, int) and abs(end) <= _LARGEST for end in ends)


def _steps(bounds: Sequence[str], counts: Sequence[int]) -> list[tuple[str, int]]:
    """Each step in words, with its count."""
    return [
        (low if low == high else f"{low} to {high}", count)
        for low, high, count in zip(bounds, bounds[1:], counts, strict=False)
    ]


def _whole_steps(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, int]]:
    """Of whole numbers those steps that hold one: a step ends before the next one's bound, but for the last."""
    steps = []
    for place, count in enumerate(counts):
        is_last = place == len(counts) - 1
        first, last = math.ceil(bounds[place]), math.floor(bounds[-1]) if is_last else math.ceil(bounds[place + 1]) - 1
        if first <= last:
            steps.append((figure(first) if first == last else f"{figure(first)} to {figure(last)}", count))
    return steps


def _numbers(figures: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Quantiles, and the mean of the same rows."""
    if "quantiles" not in figures or figures.get("min") is None:
        return
    for percent, value in figures["quantiles"].items():
        yield ("median" if percent == "50" else f"{percent} %"), written(value)
    if figures.get("mean") is not None and "picked_rows" not in figures:
        yield "mean", written(figures["mean"])


def _exact(figures: Mapping[str, Any]) -> Iterable[str]:
    """Return the exact figures of all rows in words; extremes only without a diagram that shows them."""
    is_drawn = figures.get("histogram") and "picked_rows" not in figures
    if "quantiles" in figures and figures.get("min") is not None and not is_drawn:
        mean = f", mean {written(figures['mean'])}" if figures.get("mean") is not None else ""
        yield f"{written(figures['min'])} to {written(figures['max'])}{mean}"
    odd = [
        f"{figures[kind]:,} {noun}"
        for kind, noun in (("nan", "NaN"), ("inf", "infinite"), ("minus_inf", "minus infinite"))
        if figures.get(kind)
    ]
    if odd:
        yield f"besides numbers: {', '.join(odd)}" if "nan" in figures else f"besides: {', '.join(odd)}"
    if (length := figures.get("length")) and length["max"] is not None:
        yield _length(length)
    if bounds := _bounds(figures.get("range", {})):
        yield bounds


def _length(length: Mapping[str, Any]) -> str:
    """Return lengths in words: of letters if nothing else is said."""
    unit = length.get("of", "letter")
    ends = f"{length['min']:,}" if length["min"] == length["max"] else f"{length['min']:,} to {length['max']:,}"
    if unit != "letter":
        ends += f" {unit}" if length["max"] == 1 else f" {unit}s"
    mean = "" if length["min"] == length["max"] else f", mean {number(length['mean'])}"
    return f"length {ends}{mean}" + (f"; {length['empty']:,} empty" if length["empty"] else "")


def _bounds(ends: Mapping[str, Any]) -> str:
    """Return the bounds of ranges in words, and how many ranges have none."""
    parts = [
        f"{side} bound {written(ends[end])}"
        for end, side in (("low", "least lower"), ("high", "greatest upper"))
        if ends.get(end) is not None
    ]
    without = {"empty": "empty", "open_below": "without a lower bound", "open_above": "without an upper bound"}
    parts += [f"{ends[kind]:,} {said}" for kind, said in without.items() if ends.get(kind)]
    return "; ".join(parts)


def _counted(figures: Mapping[str, Any], there: int) -> Iterable[str]:
    """Return the figures of counted values in words."""
    if has := [f"{noun} {n:,}" for kind, noun in _CLASSES.items() if (n := figures.get("characters", {}).get(kind))]:
        yield f"rows with {', '.join(has)}"
    if types := figures.get("types"):
        yield "types: " + ", ".join(f"{type_} {n:,}" for type_, n in types.items())
    for spellings in figures.get("variants", ())[:_VARIANTS]:
        ways = ", ".join(f"{cut(it['key'])[0]} {it['count']:,}" for it in spellings[:_KEYS])
        yield f"one key in {len(spellings):,} spellings: {ways}"
    if figures.get("unreadable"):
        yield f"{figures['unreadable']:,} with escapes that text cannot hold"
    if figures.get("bits"):
        yield diagrams.extremes(figures["bits"], there)


def _documents(value: str | None, rows: int | None, keys: Sequence[Mapping[str, Any]]) -> Documents:
    shown = [(cut(it["key"])[0], it["count"]) for it in keys[:_KEYS]]
    return Documents(value if value is None else cut(value)[0], rows, shown, max(0, len(keys) - _KEYS))


def _top(values: Sequence[Mapping[str, Any]], is_time: bool) -> Iterable[Top]:
    """Some of the commonest values: fewer where they are long."""
    letters = 0
    for one in values[:_TOP]:
        text = str(one["value"])
        if isinstance(one["value"], float):
            text = text.removesuffix(".0")
        elif is_time and not text.startswith("P"):
            text = text.replace("T", " ").removesuffix("+00:00")
        elif is_time:
            text = written(text)
        value, is_cut = cut(text)
        letters += len(value)
        if letters > _LETTERS:
            return
        yield Top(value, is_cut, one["count"])
