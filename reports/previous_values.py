"""Measured values beside those of an earlier audit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from order_audit.reports.document import Measured, Result


def with_previous(results: Iterable[Result], before: Iterable[Result]) -> tuple[Result, ...]:
    """Return results with the values that the same groups had in an earlier audit."""
    earlier = {it.rule: it.measure for it in before}
    return tuple(
        replace(it, measure=previous(it.measure, earlier.get(it.rule))) if it.measure is not None else it
        for it in results
    )


def previous(now: Measured, then: Measured | None) -> Measured:
    """Return values with those of an earlier audit; without them, if it measured something else."""
    if then is None or (now.column, now.unit) != (then.column, then.unit):
        return now
    of = {it.group: it for it in then.values}
    values = (
        replace(it, previous=of[it.group].value, previous_number=of[it.group].number) if it.group in of else it
        for it in now.values
    )
    return replace(now, values=tuple(values))
