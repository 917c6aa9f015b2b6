"""What must be true: rules as SQL files, gathered in suites."""

from expectations.considerations import Consideration, Question
from expectations.rule import SEVERITIES, Need, Offends, Picture, Rule, Severity, Spare, SuiteError, Weakness
from expectations.suite import Suite, catalog, load, matching, schema_rules, shipped

__all__ = [
    "SEVERITIES",
    "Consideration",
    "Need",
    "Offends",
    "Picture",
    "Question",
    "Rule",
    "Severity",
    "Spare",
    "Suite",
    "SuiteError",
    "Weakness",
    "catalog",
    "load",
    "matching",
    "schema_rules",
    "shipped",
]
