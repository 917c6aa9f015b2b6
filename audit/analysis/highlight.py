"""Highlighted columns of a violation: from the rule's header, else the columns that its WHERE tests."""

from __future__ import annotations

from order_audit.expectations import Rule


def highlight(rule: Rule) -> tuple[str, ...]:
    """The columns of a rule's result, in their order.

    Without a header, these are the columns of the outermost WHERE that the result shows unchanged, except the key; none
    if that is unknown.
    """
    if rule.highlight is not None:
        return rule.highlight.columns
    if rule.measure is not None:
        return (rule.measure.column,)
    from order_audit.audit.analysis.tested_columns import tested_columns  # imports the parser

    return tested_columns(rule)
