"""`python -m benchmarks.anomalies`: how often a usual figure is taken for unusual, and how often a fault is found.

Nightly figures are drawn at random, around a constant, a growth or weekdays of their own, with normal noise of 3
percent. The last one is usual, or has lost three tenths. Writes results/anomalies.json.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks import table
from benchmarks.compare import say, write
from order_audit.reports.history import robust
from order_audit.reports.history.anomalies import CRITICAL, UNUSUAL

_START: Final = datetime(2026, 1, 5, 2, tzinfo=UTC)
_TRIES: Final = 2000
_NOISE: Final = 30.0
#: What a figure is around, by the weekday and the number of the night.
_KINDS: Final[dict[str, Callable[[int, int], float]]] = {
    "constant": lambda weekday, night: 1000.0,  # noqa: ARG005
    "growth": lambda weekday, night: 1000.0 + 20 * night,  # noqa: ARG005
    "weekend": lambda weekday, night: 600.0 if weekday > 4 else 1000.0,  # noqa: ARG005
}


def shares(kind: str, runs: int, factor: float, tries: int = _TRIES) -> dict[str, Any]:
    """Return how many last figures are unusual and critical, which are `factor` times what is usual."""
    draw, unusual, critical, by_weekday = random.Random(22), 0, 0, 0  # noqa: S311 - nothing is secret
    for number in range(tries):
        start = _START + timedelta(days=number % 7)
        nights = [start + timedelta(days=it) for it in range(runs + 1)]
        values = [_KINDS[kind](at.weekday(), it) + draw.gauss(0, _NOISE) for it, at in enumerate(nights)]
        expected = robust.expectation(list(zip(nights[:-1], values[:-1], strict=True)), nights[-1])
        assert expected is not None  # noqa: S101 - there are enough runs
        score = abs(expected.score(values[-1] * factor, 1.0))
        unusual, critical = unusual + (score >= UNUSUAL), critical + (score >= CRITICAL)
        by_weekday += expected.by_weekday
    found = {"unusual": unusual / tries, "critical": critical / tries, "by_weekday": by_weekday / tries}
    say(f"{kind}, {runs} runs, times {factor}: {found}")
    return {"kind": kind, "runs": runs, "factor": factor, **found}


def main() -> None:
    """Draw all."""
    found = [shares(kind, runs, factor) for kind in _KINDS for runs in (14, 28, 60) for factor in (1.0, 0.7)]
    write(Path(__file__).parent / "results" / "anomalies.json", {"tries": _TRIES, "noise": 0.03, "shares": found})
    table.write(Path(__file__).parent / "results")


if __name__ == "__main__":
    main()
