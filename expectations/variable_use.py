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
    if unused := names - used:
        name = min(unused)
        raise SuiteError(f"{rule.path}: the query does not use the variable '{name}'{nearest(name, used - names)}")
    if rule.for_each and rule.for_each.values and VALUE not in used:
        raise SuiteError(f"{rule.path}: the query does not use :{VALUE}, the value of for_each")


def check_body(rule: Rule, names: Collection[str]) -> None:
    """Raise SuiteError for a variable in the query that is none of these."""
    if unknown := undeclared(rule.sql, names):
        path, line, column = rule.place(unknown.start)
        why = "the header does not declare under 'variables'"
        if rule.for_each:
            why = "neither 'variables' nor for_each gives"
        raise SuiteError(
            f"{path}:{line}:{column}: the query reads :{unknown.name}, which {why}{nearest(unknown.name, names)}"
        )


def texts(rule: Rule) -> Iterator[str]:
    """The SQL texts of a rule that may use variables."""
    yield rule.sql
    if rule.prefilter is not None:
        yield rule.prefilter.table
        yield rule.prefilter.query
    if rule.highlight is not None:
        yield rule.highlight.test
