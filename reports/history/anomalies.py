"""Unusual figures of an audit, against their own past: rows of tables, ages of timestamps, numbers of violations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from order_audit.expectations import Severity
from order_audit.reports.document import Anomaly, AnomalyKind, HistoryUse
from order_audit.reports.formatting import plural
from order_audit.reports.history import robust
from order_audit.reports.history.robust import Expectation

#: The spreads from which on a figure is unusual, and critical.
UNUSUAL: Final = robust.UNUSUAL
CRITICAL: Final = 2 * UNUSUAL
_SECONDS: Final = 60.0
_SHARE: Final = 0.05


@dataclass(frozen=True)
class Figure:
    """A figure of an audit with its past by time. `name` is a table, a column with its table, or a rule."""

    kind: AnomalyKind
    name: str
    past: Sequence[tuple[datetime, float]]
    now: float
    is_measured: bool = False


def judged(figures: Iterable[Figure], at: datetime, runs: int) -> HistoryUse:
    """Return the unusual ones among figures, the worst first, and how many have a past that is long enough."""
    found: list[tuple[float, Anomaly]] = []
    enough = few = 0
    for it in figures:
        expected = robust.expectation([(when, value) for when, value in it.past if when < at], at)
        if expected is None:
            few += 1
            continue
        enough += 1
        # a count that fell to 0 stays there, whatever its line says
        expected = replace(expected, value=max(expected.value, 0.0))
        score = expected.score(it.now, _least_spread(it, expected))
        if abs(score) >= UNUSUAL and not (it.kind == "freshness" and score < 0):
            found.append((abs(score), _anomaly(it, expected, score)))
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1].kind, pair[1].name))
    return HistoryUse(runs, enough, few, tuple(it for _, it in ranked))


def _least_spread(it: Figure, expected: Expectation) -> float:
    """Return the least spread that is assumed: a count varies by its root (Poisson), an age by a twentieth."""
    if it.kind == "freshness":
        return max(_SECONDS, _SHARE * abs(expected.value))
    return math.sqrt(max(expected.value, 1.0))


def _anomaly(it: Figure, expected: Expectation, score: float) -> Anomaly:
    low, high = (max(end, 0.0) for end in expected.usual(_least_spread(it, expected)))
    severity: Severity = "critical" if abs(score) >= CRITICAL else "warning"
    if it.kind == "violations" and score < 0:
        severity = "info"
    return Anomaly(
        kind=it.kind,
        name=it.name,
        severity=severity,
        message=_message(it, low, high, expected),
        value=it.now,
        low=low,
        high=high,
        runs=expected.runs,
        by_weekday=expected.by_weekday,
    )


def _message(it: Figure, low: float, high: float, expected: Expectation) -> str:
    of = f"by {plural(expected.runs, 'run')}" + " and the weekday" * expected.by_weekday
    match it.kind:
        case "volume":
            return f"{it.name} has {plural(round(it.now), 'row')}; {_count(low)} to {_count(high)} are usual, {of}"
        case "violations":
            now = plural(round(it.now), "violation")
            return f"{it.name} has {now}; {_count(low)} to {_count(high)} are usual, {of}"
        case "freshness":
            if it.is_measured:
                return f"{it.name} is {age(it.now)}; up to {age(high)} is usual, {of}"
            return f"the newest value of {it.name} is {age(it.now)} old; up to {age(high)} is usual, {of}"


def _count(value: float) -> str:
    return f"{round(value):,}"


def age(seconds: float) -> str:
    """Return a duration in its two largest units."""
    parts = list(_parts(round(abs(seconds))))[:2]
    return " ".join(parts) or "0 s"


def _parts(seconds: int) -> Iterator[str]:
    for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s")):
        number, seconds = divmod(seconds, size)
        if number:
            yield plural(number, unit) if unit == "day" else f"{number} {unit}"
