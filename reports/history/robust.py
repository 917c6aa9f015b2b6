"""Robust statistics of a figure's own past: what is expected of it now, and how far it is from that.

The expectation is a line through the medians: its slope is the median of the slopes between all pairs of runs (Theil,
1950; Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968). The spread is the median of the
absolute deviations from it (MAD), times 1.4826, which is the standard deviation of a normal distribution. A figure is
unusual if it is more than 3.5 spreads away (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: their
modified z-score 0.6745 · deviation / MAD is the same number). Single wild runs move no median far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from order_audit.reports.history.figures import WINDOW

#: The runs that a verdict needs, and those that it needs for a weekday's own expectation.
LEAST: Final = 14
SEASON: Final = 28
#: The runs of a weekday that its expectation needs, and the share of the mean deviation that weekdays must at most
#: leave: by chance alone, they leave more.
_OF_WEEKDAY: Final = 3
_LEFT: Final = 0.7
#: By few runs, a line and a spread are uncertain: the spread is 1 + this / runs times as wide (docs/history.md).
_UNCERTAIN: Final = 6.0
_UNCERTAIN_BY_WEEKDAY: Final = 20.0
_NORMAL: Final = 1.4826
#: The spreads from which on a figure is unusual.
UNUSUAL: Final = 3.5


@dataclass(frozen=True)
class Expectation:
    """What is expected of a figure: a value, the spread around it, by how many runs, and whether of the weekday.

    `least` and `most` are the extreme deviations of earlier runs, which a deviation has to exceed; None once weekdays
    count.
    """

    value: float
    spread: float
    runs: int
    by_weekday: bool
    least: float | None = None
    most: float | None = None

    def score(self, value: float, least_spread: float) -> float:
        """Return how many spreads a value is above what is expected; negative below, 0 where it was so before.

        A deviation beyond that of each earlier run counts as many times 3.5 as it is spreads beyond: where weekdays
        differ and are not known yet, the next weekend is as far off as the last one, give or take the noise.
        """
        deviation, spread = value - self.value, max(self.spread, least_spread)
        score = deviation / spread
        if self.least is None or self.most is None:
            return score
        if self.least <= deviation <= self.most:
            return 0.0
        if deviation > 0:
            return min(score, UNUSUAL * (deviation - max(self.most, 0.0)) / spread)
        return max(score, UNUSUAL * (deviation - min(self.least, 0.0)) / spread)

    def usual(self, least_spread: float) -> tuple[float, float]:
        """Return the least and the largest value that are usual."""
        spread = max(self.spread, least_spread)
        low, high = -UNUSUAL * spread, UNUSUAL * spread
        if self.least is not None and self.most is not None:
            low, high = min(low, self.least - spread), max(high, self.most + spread)
        return self.value + low, self.value + high


def expectation(past: Sequence[tuple[datetime, float]], at: datetime) -> Expectation | None:
    """Return what is expected at a time, by earlier runs in their order; None if they are too few."""
    past = past[-WINDOW:]
    if (runs := len(past)) < LEAST:
        return None
    days = [(when - at).total_seconds() / 86_400 for when, _ in past]
    values = [value for _, value in past]
    slope = _slope(days, values)
    level = median(value - slope * day for day, value in zip(days, values, strict=True))
    rest = [value - slope * day - level for day, value in zip(days, values, strict=True)]
    spread = _spread(rest) * (1 + _UNCERTAIN / runs)
    if runs < SEASON:
        return Expectation(level, spread, runs, False, min(rest), max(rest))
    of = _by_weekday([when for when, _ in past], rest)
    seasonal = [it - of.get(when.weekday(), 0.0) for (when, _), it in zip(past, rest, strict=True)]
    if sum(map(abs, seasonal)) < _LEFT * sum(map(abs, rest)):
        spread = _spread(seasonal) * (1 + _UNCERTAIN_BY_WEEKDAY / runs)
        return Expectation(level + of.get(at.weekday(), 0.0), spread, runs, True)
    return Expectation(level, spread, runs, False)


def _slope(days: Sequence[float], values: Sequence[float]) -> float:
    """Return the change by day: the median over all pairs of runs."""
    if min(values) == max(values):
        return 0.0
    slopes = [
        (values[later] - values[earlier]) / (days[later] - days[earlier])
        for later in range(len(values))
        for earlier in range(later)
        if days[later] != days[earlier]
    ]
    return median(slopes) if slopes else 0.0


def _spread(deviations: Sequence[float]) -> float:
    return _NORMAL * median(map(abs, deviations))


def _by_weekday(at: Sequence[datetime], deviations: Sequence[float]) -> dict[int, float]:
    """Return the median deviation of each weekday that has enough runs."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for when, deviation in zip(at, deviations, strict=True):
        found[when.weekday()].append(deviation)
    return {day: median(of) for day, of in found.items() if len(of) >= _OF_WEEKDAY}
