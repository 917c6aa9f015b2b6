"""The page over all runs of a history."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from markupsafe import Markup

from order_audit.reports.diagrams.sparkline import sparkline
from order_audit.reports.diagrams.timeline import Point, timeline
from order_audit.reports.document import Measured
from order_audit.reports.formatting import plural
from order_audit.reports.history.overview import Overview, Totals
from order_audit.reports.history.trend import KeptKey, MeasuredTrend, Trend
from order_audit.reports.html import links
from order_audit.reports.html.environment import page
from order_audit.reports.measure_text import value_text
from order_audit.reports.standing_text import day

#: The last runs that lines draw, and the rows of the table of runs.
_DRAWN: Final = 400
_LISTED: Final = 60


def history(overviews: Sequence[Overview]) -> str:
    """Render the page; each database and schema has a part of its own."""
    names = [f"{number}/{it.kind}/{it.rule}" for number, of in enumerate(overviews) for it in (*of.rules, *of.schema)]
    return page(
        "history.html.j2",
        parts=overviews,
        anchors=links.anchors(names),
        timeline=_timeline,
        counts=_counts,
        values=_values,
        value=_value,
        rows=_rows,
        totals=lambda part, run: part.totals.get(run.at, Totals(0, 0, 0)),
        listed=_LISTED,
        by_day=_by_day,
        day=day,
    )


def _timeline(part: Overview) -> Markup:
    points = []
    for run in part.series.runs[-_DRAWN:]:
        of = part.totals.get(run.at, Totals(0, 0, 0))
        gate = "" if run.gate_passed is None else f"; gate {'passed' if run.gate_passed else 'failed'}"
        text = f"{day(run.at)}: {plural(of.violations, 'violation')}, {of.appeared:,} new, {of.ended:,} gone{gate}"
        points.append(Point(day(run.at), of.violations, text, run.gate_passed is False))
    return timeline("Violations of all rules by run", points)


def _counts(it: Trend) -> Markup:
    counts = it.counts[-_DRAWN:]
    return sparkline(
        f"Violations in the last {len(counts):,} runs",
        f"Now {it.now:,}, at most {max(counts, default=0):,}",
        [float(count) for count in counts],
        low=0.0,
    )


def _values(it: MeasuredTrend) -> Markup:
    numbers = it.numbers[-_DRAWN:]
    return sparkline(f"{it.column} in the last {len(numbers):,} runs", f"Now {_value(it, it.values[-1])}", numbers)


def _by_day(keys: Sequence[KeptKey]) -> list[tuple[str, list[KeptKey]]]:
    """Return keys by the day since which they stand."""
    return [(at, list(of)) for at, of in groupby(keys, key=lambda it: day(it.since))]


def _value(it: MeasuredTrend, value: str | None) -> str:
    return value_text(value, Measured(it.column, it.unit, (), ()))


def _rows(part: Overview) -> list[tuple[str, int, int, Markup]]:
    """Return the tables with their rows in the first and the last run, and all of them drawn."""
    return [
        (
            table,
            points[0][1],
            points[-1][1],
            sparkline(
                f"Rows of {table} in the last {len(points[-_DRAWN:]):,} runs",
                f"From {points[0][1]:,} to {points[-1][1]:,}",
                [float(count) for _, count in points[-_DRAWN:]],
            ),
        )
        for table, points in part.volumes.items()
    ]
