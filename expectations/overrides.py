"""Severities and tolerances that a configuration sets for rules, by patterns of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from order_audit.expectations.error import SuiteError
from order_audit.expectations.limits import Amount, Level
from order_audit.expectations.rule import Rule
from order_audit.expectations.severity import SEVERITIES, Severity
from order_audit.expectations.suite import matches, matching


@dataclass(frozen=True)
class Override:
    """A severity, or the violations that still pass, for the rules that match a pattern.

    `place` is the file and line that says so.
    """

    pattern: str
    place: str
    severity: Severity | None = None
    tolerate: Amount | None = None


def check_overrides(rules: Iterable[Rule], overrides: Iterable[Override]) -> None:
    """Raise SuiteError for a pattern that matches no rule, and for a tolerance of measured rules alone."""
    rules = list(rules)
    for it in overrides:
        try:
            matching(rules, [it.pattern])
        except SuiteError as error:
            raise SuiteError(f"{it.place}: {error}") from None
        hits = [rule for rule in rules if matches(rule, it.pattern)]
        if it.tolerate is not None and hits and all(rule.measure for rule in hits):
            raise SuiteError(
                f"{it.place}: '{it.pattern}' matches measured rules alone, which tolerate nothing: change their bounds"
            )


def overridden(rules: Iterable[Rule], overrides: Sequence[Override]) -> list[Rule]:
    """Return rules with their severities and tolerances; of several patterns that match, the last one counts.

    A measured rule keeps its bounds, at the severity.
    """
    return [_overridden(rule, overrides) for rule in rules]


def _overridden(rule: Rule, overrides: Sequence[Override]) -> Rule:
    for it in [it for it in overrides if it.severity and matches(rule, it.pattern)][-1:]:
        rule = _with_severity(rule, it)
    for it in [it for it in overrides if it.tolerate and matches(rule, it.pattern)][-1:] if not rule.measure else ():
        rule = _with_tolerance(rule, it)
    return rule


def _with_severity(rule: Rule, override: Override) -> Rule:
    """Return a rule that fails at a severity alone: from its mildest limit on."""
    severity = override.severity
    assert severity is not None  # noqa: S101 - the caller's choice
    levels = tuple(replace(level, severity=severity) for level in rule.levels[-1:])
    measure = rule.measure
    if measure is not None:
        measure = replace(measure, bounds=tuple(replace(bound, severity=severity) for bound in measure.bounds))
    return replace(rule, severity=severity, levels=levels, measure=measure)


def _with_tolerance(rule: Rule, override: Override) -> Rule:
    """Return a rule whose mildest limit is an amount; so are worse ones that begin at it or below."""
    amount = override.tolerate
    assert amount is not None  # noqa: S101 - the caller's choice
    levels = rule.levels or (Level(rule.severity, Amount("0")),)
    covered = [it for it in levels if it is levels[-1] or _is_up_to(it.above, amount)]
    limit = Level(covered[0].severity, amount, override.place)
    others = [it for it in levels if it not in covered]
    if not others and not Fraction(amount.number):
        return replace(rule, severity=limit.severity, levels=())
    made = sorted([*others, limit], key=lambda level: SEVERITIES.index(level.severity))
    return replace(rule, severity=made[0].severity, levels=tuple(made))


def _is_up_to(above: Amount, amount: Amount) -> bool:
    """Return whether a limit is known to be no more than an amount: rows and percentages cannot be compared."""
    return above.is_percent == amount.is_percent and Fraction(above.number) <= Fraction(amount.number)
