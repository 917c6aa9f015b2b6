"""Helpers for the tests of parsed queries."""

from __future__ import annotations

import textwrap

from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.expectations import Rule


def rule(sql: str, key: str = "order_id") -> Rule:
    """A rule with this statement."""
    return Rule("r", "s", "A rule", "info", (key,), textwrap.dedent(sql).strip(), path="r.sql")


def read(sql: str) -> ParsedQuery:
    """The parsed facts of a statement."""
    return parsed_query.parse(rule(sql))


def relations(sql: str) -> list[str]:
    """The relations that a statement reads."""
    return [str(name) for name in read(sql).relations]
