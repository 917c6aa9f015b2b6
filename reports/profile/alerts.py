"""Alerts of a column in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from order_audit.reports.formatting import plural, share
from order_audit.reports.profile.values import cut, span, written


def alert(it: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Return an alert of the column with these figures in words."""
    kind = it["kind"]
    if kind == "outliers":
        return f"{beyond(it, is_span(figures))}; the median is {written(figures['quantiles']['50'])}"
    if kind == "constant":
        return f"one value in {_all(it['rows'])}"
    if kind == "all_null":
        return f"NULL in {_all(it['rows'])}"
    if kind == "mostly_null":
        return f"NULL in {_part(it)}"
    if kind == "mostly_zero":
        return f"0 in {_part(it)}"
    if kind == "skewed":
        side = "above" if it["beyond"] == "95" else "below"
        return f"skewed: the mean {written(it['mean'])} is {side} the {it['beyond']} % quantile"
    if kind in ("in_future", "before_1900"):
        return f"{'in the future' if kind == 'in_future' else 'before 1900'} in {_part(it)}"
    if kind == "spellings":
        ways = ", ".join(f"{_quoted(way['value'])} ({way['count']:,})" for way in it["values"])
        return f"one value in {len(it['values']):,} spellings: {ways}"
    if kind == "padded":
        return f"white space at an end in {_part(it)}"
    if kind == "all_different":
        return f"{it['rows']:,} different values, without a unique index"
    return str(kind)


def beyond(it: Mapping[str, Any], of_spans: bool) -> str:
    """Return the outliers of a column in words."""

    def shown(value: Any) -> str:
        return span(value) if of_spans else written(value)

    parts = []
    for side, end, inner in (("below", "least", "from"), ("above", "greatest", "to")):
        if it[side] is None:
            parts.append(f"the {end} value is {shown(it[end])}")
        elif it[side]:
            parts.append(f"{plural(it[side], 'value')} {side} {shown(it[inner])}, the {end} {shown(it[end])}")
    return "; ".join(parts)


def is_span(figures: Mapping[str, Any]) -> bool:
    """Whether a column's positions are seconds, though its values are no numbers."""
    return str(figures["type"]).startswith(("interval", "time without", "time with"))


def _part(it: Mapping[str, Any]) -> str:
    return f"{it['rows']:,} of {it['of']:,} rows ({share(it['rows'], it['of'])})"


def _all(rows: int) -> str:
    return "the one row" if rows == 1 else f"all {rows:,} rows"


def _quoted(value: Any) -> str:
    text, is_cut = cut(str(value))
    return f"'{text}{'…' if is_cut else ''}'"
