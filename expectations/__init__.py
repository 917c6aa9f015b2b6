"""What must be true: rules as SQL files, gathered in suites."""

from expectations.considerations import Consideration, Question
from expectations.rule import SEVERITIES, Need, Rule, Severity, Spare, SuiteError
from expectations.suite import Suite, catalog, load, matching, schema_rules, shipped

__all__ = [
    "SEVERITIES",
    "Consideration",
    "Need",
    "Question",
    "Rule",
    "Severity",
    "Spare",
    "Suite",
    "SuiteError",
    "catalog",
    "load",
    "matching",
    "schema_rules",
    "shipped",
]
