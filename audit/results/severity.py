"""Severities of rules that a configuration sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from order_audit.expectations import Rule, Severity, matching


def overridden(rules: Iterable[Rule], severities: Mapping[str, Severity], *, all_match: bool = True) -> list[Rule]:
    """Return rules with the severities that patterns of their ids set; the last pattern that matches counts.

    Raises SuiteError if a pattern matches no rule, unless `all_match` is false.
    """
    rules = list(rules)
    if all_match:
        matching(rules, severities)
    return [
        _with_severity(rule, wanted[-1])
        if (wanted := [severity for pattern, severity in severities.items() if fnmatchcase(rule.id, pattern)])
        else rule
        for rule in rules
    ]


def _with_severity(rule: Rule, severity: Severity) -> Rule:
    """Return a rule that fails at a severity alone: from its mildest limit on."""
    levels = tuple(replace(level, severity=severity) for level in rule.levels[-1:])
    measure = rule.measure
    if measure is not None:
        measure = replace(measure, bounds=tuple(replace(bound, severity=severity) for bound in measure.bounds))
    return replace(rule, severity=severity, levels=levels, measure=measure)
