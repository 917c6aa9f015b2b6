"""The measured values of a rule as its result has them."""

from __future__ import annotations

from order_audit.audit.scans.outcome import Outcome
from order_audit.expectations import Bound, Rule
from order_audit.expectations.bounds import on_scale
from order_audit.reports.document import MeasureBound, Measured, MeasuredValue


def measured(rule: Rule, outcome: Outcome) -> Measured | None:
    """Return what a measured rule has measured; None for other rules."""
    if rule.measure is None:
        return None
    return Measured(
        rule.measure.column,
        rule.measure.unit,
        tuple(map(_bound, rule.measure.bounds)),
        tuple(MeasuredValue(it.group, it.value, it.number, it.severity) for it in outcome.values),
    )


def _bound(bound: Bound) -> MeasureBound:
    ends = [on_scale(value, bound.unit) for value in bound.values]
    return MeasureBound(
        bound.severity,
        bound.kind,
        str(bound),
        float(ends[0]) if bound.kind != "at_most" else None,
        float(ends[-1]) if bound.kind != "at_least" else None,
    )
