"""Hold the number of violations against the levels of a rule."""

from __future__ import annotations

from dataclasses import replace

from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.expectations import Rule


def by_levels(rule: Rule, outcome: Outcome, checked: int | None) -> Outcome:
    """Return the outcome by the rule's levels: passed if it has no more violations than they tolerate.

    `checked` is the number of checked rows, None where they could not be counted.
    """
    if outcome.status != "failed" or not rule.levels:
        return outcome
    if checked is None and any(level.above.is_percent for level in rule.levels):
        return Outcome("errored", failure=Failure("the checked rows could not be counted"))
    broken = next((it for it in rule.levels if not it.above.includes(outcome.violations, checked)), None)
    if broken is None:
        return replace(outcome, status="passed")
    return replace(outcome, severity=broken.severity)


def needs_rows(rule: Rule) -> bool:
    """Return whether a level is a share of the checked rows."""
    return any(level.above.is_percent for level in rule.levels)
