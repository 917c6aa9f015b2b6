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
        replace(rule, severity=wanted[-1])
        if (wanted := [severity for pattern, severity in severities.items() if fnmatchcase(rule.id, pattern)])
        else rule
        for rule in rules
    ]
