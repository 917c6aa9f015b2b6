"""Rules as SQL files, in suites."""

from order_audit.expectations.error import SuiteError
from order_audit.expectations.requirements import Question, Requirement
from order_audit.expectations.rule import (
    SEVERITIES,
    Diagram,
    FollowsFrom,
    Highlight,
    Prefilter,
    Prerequisite,
    Rule,
    SchemaCause,
    Severity,
)
from order_audit.expectations.suite import (
    Suite,
    catalog,
    load,
    matching,
    schema_fragment,
    schema_rules,
    shipped,
    unknown_rule,
)

__all__ = [
    "SEVERITIES",
    "Diagram",
    "FollowsFrom",
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
    "schema_fragment",
    "schema_rules",
    "shipped",
    "unknown_rule",
]
