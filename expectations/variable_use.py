"""Check that a rule declares the variables that it uses, and uses those that it declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from order_audit.expectations.error import SuiteError
from order_audit.expectations.for_each import VALUE
from order_audit.expectations.placeholders import placeholders
from order_audit.expectations.rule import Rule
from order_audit.expectations.variables import nearest, undeclared


def check(rule: Rule) -> None:
    """Raise SuiteError for a variable that the rule does not declare, or does not use."""
    names = {it.name for it in rule.variables}
    query = rule.for_each.query if rule.for_each else ""
    if rule.for_each and query and (unknown := undeclared(query, names)):
        raise SuiteError(
            f"{rule.path}: for_each reads :{unknown.name}, which the header does not declare under 'variables'"
            f"{nearest(unknown.name, names)}"
        )
    if not query:
        check_body(rule, names | ({VALUE} if rule.for_each else set()))
    used = {it.name for text in (*texts(rule), query) for it in placeholders(text)}
    used |= rule.open_limits.names.keys() if rule.open_limits else set()
    if unused := names - used:
        name = min(unused)
        raise SuiteError(f"{rule.path}: the query does not use the variable '{name}'{nearest(name, used - names)}")
    if rule.for_each and rule.for_each.values and VALUE not in used:
        raise SuiteError(f"{rule.path}: the query does not use :{VALUE}, the value of for_each")


def check_body(rule: Rule, names: Collection[str]) -> None:
    """Raise SuiteError for a variable in the limits or in the query that is none of these."""
    limits = rule.open_limits
    for name, field in limits.names.items() if limits else ():
        if limits and name not in names:
            raise SuiteError(
                f"{limits.lines[field]}: '{field}' reads :{name}, which {_why(rule)}{nearest(name, names)}"
            )
    if unknown := undeclared(rule.sql, names):
        path, line, column = rule.place(unknown.start)
        raise SuiteError(
            f"{path}:{line}:{column}: the query reads :{unknown.name}, which {_why(rule)}{nearest(unknown.name, names)}"
        )


def _why(rule: Rule) -> str:
    if rule.for_each:
        return "neither 'variables' nor for_each gives"
    return "the header does not declare under 'variables'"


def texts(rule: Rule) -> Iterator[str]:
    """The SQL texts of a rule that may use variables."""
    yield rule.sql
    if rule.prefilter is not None:
        yield rule.prefilter.table
        yield rule.prefilter.query
    if rule.highlight is not None:
        yield rule.highlight.test
