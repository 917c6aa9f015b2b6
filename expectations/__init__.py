"""What must be true: rules as SQL files, gathered in suites."""

from expectations.requirements import Question, Requirement
from expectations.rule import (
    SEVERITIES,
    Diagram,
    Highlight,
    Prefilter,
    Prerequisite,
    Rule,
    SchemaCause,
    Severity,
    SuiteError,
)
from expectations.suite import Suite, catalog, load, matching, schema_rules, shipped

__all__ = [
    "SEVERITIES",
    "Diagram",
    "Highlight",
    "Prefilter",
    "Prerequisite",
    "Question",
    "Requirement",
    "Rule",
    "SchemaCause",
    "Severity",
    "Suite",
    "SuiteError",
    "catalog",
    "load",
    "matching",
    "schema_rules",
    "shipped",
]
