"""Rules as SQL files, in suites."""

from order_audit.expectations.error import SuiteError
from order_audit.expectations.ownership import Ownership, is_web_address, tagged
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
    "Ownership",
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
    "is_web_address",
    "load",
    "matching",
    "schema_fragment",
    "schema_rules",
    "shipped",
    "tagged",
    "unknown_rule",
]
