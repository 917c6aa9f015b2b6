"""Measured values of a rule as rows of a table, each with a gauge."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from order_audit.expectations import Severity
from order_audit.reports import measure_text
from order_audit.reports.diagrams.gauge import Mark, gauge
from order_audit.reports.diagrams.sparkline import sparkline
from order_audit.reports.document import Measured, MeasuredValue, Result


@dataclass(frozen=True)
class Row:
    """The value of a group in words, the value before, and both as a picture."""

    group: str
    grouped: bool
    value: str
    previous: str
    severity: Severity | None
    drawing: Markup
    history: Markup


def rows(measure: Measured) -> list[Row]:
    """Return the values of a rule, the worst first; all pictures have one scale."""
    marks = list(
        dict.fromkeys(
            Mark(end, it.severity, it.text) for it in measure.bounds for end in (it.low, it.high) if end is not None
        )
    )
    known = [mark.at for mark in marks]
    known += [at for it in measure.values for at in (it.number, it.previous_number) if at is not None]
    ends = _ends(known, measure)
    return [
        Row(
            measure_text.group_text(it),
            it.group is not None,
            value := measure_text.value_text(it.value, measure),
            measure_text.value_text(it.previous, measure) if it.previous is not None else "",
            it.severity,
            gauge(f"{measure_text.group_text(it)}: {value}", it.number, marks, it.previous_number, ends)
            if it.number is not None
            else Markup(""),
            _history(it, measure),
        )
        for it in measure.values
    ]


def counts(result: Result) -> Markup:
    """Return the violations of the earlier runs and this one as a picture; empty without a history."""
    if not result.history:
        return Markup("")
    numbers = [it.violations for it in result.history] + [result.violations]
    title = f"Violations in the last {len(numbers):,} runs"
    return sparkline(title, ", ".join(f"{number:,}" for number in numbers), [float(number) for number in numbers])


def _history(value: MeasuredValue, measure: Measured) -> Markup:
    if not value.history:
        return Markup("")
    texts = [it.value for it in value.history] + [value.value]
    numbers = [it.number for it in value.history] + [value.number]
    ends = [end for it in measure.bounds for end in (it.low, it.high) if end is not None]
    title = f"{measure_text.group_text(value)} in the last {len(numbers):,} runs"
    return sparkline(title, ", ".join(measure_text.value_text(it, measure) for it in texts), numbers, ends)


def _ends(known: list[float], measure: Measured) -> tuple[float, float]:
    """Return the ends of the scale: from zero, except for times, whose zero means nothing."""
    if measure.unit != "time":
        known = [0.0, *known]
    low, high = min(known, default=0.0), max(known, default=1.0)
    return (low, high) if math.isfinite(high - low) else (0.0, 1.0)
