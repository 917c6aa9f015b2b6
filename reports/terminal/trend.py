"""The trend of findings as text: a line of small bars for each rule, table and measured value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from order_audit.reports.control_characters import escape
from order_audit.reports.document import MeasureBound, Measured
from order_audit.reports.formatting import MARKS, plural
from order_audit.reports.history.trend import KeptKey, MeasuredTrend, Series, Span, Trend
from order_audit.reports.measure_text import value_text
from order_audit.reports.standing_text import day
from order_audit.reports.terminal.layout import paragraph, table

#: The bars of a number, from the lowest to the highest.
_BARS: Final = "▁▂▃▄▅▆▇█"
#: The last runs that a line shows, and the measured groups of a rule.
_RUNS: Final = 30
_GROUPS: Final = 3
_UNUSUAL: Final = 5


def bars(values: Sequence[float | None], *, from_zero: bool = True) -> str:
    """Return a bar for each of the last values, a space where one is unknown; the lowest bar alone is a zero."""
    values = values[-_RUNS:]
    known = [value for value in values if value is not None]
    low = min([0.0, *known]) if from_zero else min(known, default=0.0)
    width = (max(known, default=0.0) - low) or 1.0
    steps = len(_BARS) - 1
    # what is not the lowest is at least one step high
    return "".join(" " if it is None else _BARS[math.ceil((it - low) / width * steps)] for it in values)


def series_text(
    series: Series,
    rules: Sequence[Trend],
    schema: Sequence[Trend],
    measured: Sequence[MeasuredTrend],
    volumes: Mapping[str, Sequence[tuple[datetime, int]]],
    unusual: Sequence[tuple[datetime, str, str]] = (),
) -> str:
    """Return the trend of all findings of a database and schema."""
    runs = series.runs
    first = day(runs[0].at) + (f" to {day(runs[-1].at)}" if len(runs) > 1 else "")
    lines = [escape(f"{series.database} ({series.schema or 'no schema'}): {plural(len(runs), 'run')}, {first}"), ""]
    seen = [it for it in rules if it.seen]
    lines += rules_text(seen) if seen else ["no rule has had a violation"]
    if clean := sum(bool(it.judged) and not it.seen for it in rules):
        lines.append(f"{plural(clean, 'rule')} {'has' if clean == 1 else 'have'} had no violation")
    if never := sum(not it.judged for it in rules):
        lines.append(f"{plural(never, 'rule')} could not be judged in any run")
    lines += measured_text(measured)
    if standing := [it for it in schema if it.seen]:
        lines += ["", "schema findings", *rules_text(standing)]
    if volumes:
        rows = [
            (escape(name), bars([float(count) for _, count in counts], from_zero=False), f"{counts[-1][1]:,}")
            for name, counts in volumes.items()
        ]
        lines += ["", *table([("table", _last(len(runs)), "rows"), *rows], left=(0, 1))]
    if unusual:
        lines += ["", "unusual figures"]
        lines += [
            line
            for at, severity, message in unusual[:_UNUSUAL]
            for line in paragraph(escape(f"{MARKS.get(severity, ' ')} {day(at)}  {message}"))
        ]
    return "\n".join(lines)


def rules_text(rules: Sequence[Trend]) -> list[str]:
    """Return a table of rules with violations in some run."""
    longest = max(len(it.judged) for it in rules)
    head = ("rule", _last(longest), "now", "first seen", "last seen", "came back")
    rows = [
        (
            f"{MARKS.get(it.severity, ' ')} {escape(it.rule)}",
            bars([float(count) for count in it.counts]).ljust(min(longest, _RUNS)),
            f"{it.now:,}",
            *(day(at) for at in it.seen or ()),
            came_back(it),
        )
        for it in rules
    ]
    return table([head, *rows], left=(0, 1, 5))


def came_back(it: Trend) -> str:
    """Return how often the rule, and how many of its standing violations, had been gone."""
    parts = [f"{it.relapses}×"] if it.relapses else []
    return " ".join([*parts, *([plural(it.came_back, "key")] if it.came_back else [])])


def measured_text(measured: Sequence[MeasuredTrend]) -> list[str]:
    """Return the measured values of the last runs, up to three groups of a rule."""
    rows = []
    for rule in dict.fromkeys(it.rule for it in measured):
        for it in [it for it in measured if it.rule == rule][:_GROUPS]:
            name = f"{rule}[{it.group}]" if it.group is not None else rule
            rows.append((escape(name), bars(it.numbers, from_zero=False), escape(shown_value(it))))
    if not rows:
        return []
    longest = max(len(it.numbers) for it in measured)
    return ["", *table([("measured value", _last(longest), "now"), *rows], left=(0, 1))]


def shown_value(it: MeasuredTrend) -> str:
    """Return the last value for people."""
    no_bounds: tuple[MeasureBound, ...] = ()
    return value_text(it.values[-1], Measured(it.column, it.unit, no_bounds, ()))


def rule_text(it: Trend, oldest: Sequence[KeptKey], returned: Sequence[KeptKey]) -> list[str]:
    """Return all that is known of one rule: since when it fails, its oldest violations, those that came back."""
    lines = ["", escape(it.title)]
    if it.failing_since:
        text = f"{'found' if it.kind == 'schema' else 'fails'} since {day(it.failing_since)}"
        if it.relapses:
            text += f", again: it had passed {plural(it.relapses, 'time')}"
        lines.append(f"  {text}")
    elif it.judged:
        lines.append(f"  passed on {day(it.judged[-1].at)}")
    if not it.judged:
        lines.append("  could not be judged in any run")
    last = it.judged[-1] if len(it.judged) > 1 else None
    if last and last.appeared is not None and last.ended is not None and (last.violations or last.ended):
        returned_now = f" ({last.returned:,} of them had been gone)" if last.returned else ""
        lines.append(f"  last run: {last.appeared:,} new{returned_now}, {last.ended:,} gone")
    for name, keys in (("oldest violations", oldest), ("violations that came back", returned)):
        if keys:
            lines.append(f"  {name}:")
            lines += [
                f"    {escape('NULL' if key.key is None else key.key)}  since {day(key.since)}"
                + (f", had been gone {plural(key.returns, 'time')}" if key.returns else "")
                for key in keys
            ]
    return lines


def key_text(rule: str, key: str, spans: Sequence[Span]) -> str:
    """Return when a key violated a rule."""
    if not spans:
        return escape(f"{rule}: {key} was no violation in any run")
    times = (
        f"  {day(it.since)} to {day(it.until)}" if it.until else f"  since {day(it.since)}, still there" for it in spans
    )
    return "\n".join([escape(f"{rule}: {key}"), *times])


def _last(runs: int) -> str:
    return f"last {min(runs, _RUNS)} run{'s' * (runs != 1)}"
