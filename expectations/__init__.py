"""Rules as SQL files, in suites."""

from order_audit.expectations.bounds import Bound, Measure, Unit
from order_audit.expectations.error import SuiteError
from order_audit.expectations.header import Diagram, FollowsFrom, Highlight, Prefilter, Prerequisite, SchemaCause
from order_audit.expectations.instances import Given, check_names, limited_by, psql_lines, resolved
from order_audit.expectations.limits import Amount, Level
from order_audit.expectations.overrides import Override, check_overrides, overridden
from order_audit.expectations.ownership import Ownership, is_web_address, tagged
from order_audit.expectations.requirements import Question, Requirement
from order_audit.expectations.rule import Rule
from order_audit.expectations.severity import SEVERITIES, Severity
from order_audit.expectations.suite import (
    Suite,
    asked,
    catalog,
    faults,
    load,
    matching,
    schema_fragment,
    schema_rules,
    shipped,
    unknown_rule,
)

__all__ = [
    "SEVERITIES",
    "Amount",
    "Bound",
    "Diagram",
    "FollowsFrom",
    "Given",
    "Highlight",
    "Level",
    "Measure",
    "Override",
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
    "Unit",
    "asked",
    "catalog",
    "check_names",
    "check_overrides",
    "faults",
    "is_web_address",
    "limited_by",
    "load",
    "matching",
    "overridden",
    "psql_lines",
    "resolved",
    "schema_fragment",
    "schema_rules",
    "shipped",
    "tagged",
    "unknown_rule",
]
