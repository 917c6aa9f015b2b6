"""Suites of rules as suites of Great Expectations."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import great_expectations as gx
from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
from great_expectations.exceptions.exceptions import DataContextError
from great_expectations.expectations.metadata_types import FailureSeverity

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.gx.completeness import completeness, is_completeness
from order_audit.audit.gx.expectation import ExpectOrderAuditRuleToFindNoViolations
from order_audit.expectations import Given, Measure, Rule, SuiteError, load, resolved

#: Of ids, which depend on names alone: an expectation's on those of the suite and the rule.
NAMESPACE: Final = uuid.UUID("5b0a5c3e-6f0d-4c1c-9b53-6a2f1f4a7d10")


def suite(
    *sources: str | Path, name: str = "", exclude: Iterable[str] = (), variables: Mapping[str, str] | None = None
) -> gx.ExpectationSuite:
    """Return shipped or other suites as one Great Expectations suite.

    `exclude` names rules to omit: a rule without its columns raises there. The last expectation fails if a run omitted
    a rule of the suite, as happens in a program that does not import this module. `variables` are values of the rules'
    variables. Raises SuiteError for a rule that `for_each` repeats for a query: `export` has a database for it.
    """
    left_out = set(exclude)
    known = load(*sources)
    wanted = {rule.id for rule in known.rules} - left_out
    rules = resolved(known, wanted, Given(variables or {})).rules
    if pending := next((rule for rule in rules if rule.is_pending and rule.id in wanted), None):
        raise SuiteError(f"{pending.path}: for_each needs a database: use order_audit.gx.export")
    return of_rules(
        (rule for rule in rules if not {rule.id, rule.base or rule.id} & left_out), name or name_of(sources)
    )


def name_of(sources: Iterable[str | Path]) -> str:
    """The name of the suite that is made of suites: a folder's or a file's own name, since no name may hold a slash."""
    return "order-audit " + "+".join(Path(source).resolve().name.removesuffix(".sql") for source in sources)


def of_rules(rules: Iterable[Rule], name: str, *, evidence: int = 20) -> gx.ExpectationSuite:
    """A suite of these rules, and of the expectation that all of them are run.

    `evidence` is the number of violating rows that a result shows.
    """
    rules = list(rules)
    expectations = [_expectation(rule, evidence) for rule in rules]
    return gx.ExpectationSuite(name=name, expectations=[*expectations, completeness(rule.id for rule in rules)])


def store(context: AbstractDataContext, suite: gx.ExpectationSuite) -> gx.ExpectationSuite:
    """Add a suite to a context, or replace the one with its name; return the stored suite.

    A rule's expectation has a constant id, made of the suite's name and the rule's id. `context.suites` alone assigns
    random ids: `add` to all expectations, `add_or_update` to those without one.
    """
    try:
        context.suites.get(suite.name)
    except DataContextError:
        context.suites.add(suite)
    for each in suite.expectations:
        if isinstance(each, ExpectOrderAuditRuleToFindNoViolations):
            each.id = str(uuid.uuid5(NAMESPACE, f"{suite.name}/{each.rule}"))
        elif is_completeness(each):
            each.id = str(uuid.uuid5(NAMESPACE, f"{suite.name}/"))
    return context.suites.add_or_update(suite)


def _expectation(rule: Rule, evidence: int) -> ExpectOrderAuditRuleToFindNoViolations:
    read = parsed_query.parse(rule)
    return ExpectOrderAuditRuleToFindNoViolations(
        rule=rule.id,
        sql=read.body,
        key=list(rule.key),
        evidence=evidence,
        personal=[
            name
            for name, names in read.column_lineage.items()
            if name in rule.personal
            or (name not in rule.harmless and names is not None and mask.is_personal(names | {name}))
        ],
        unknown=[name for name, names in read.column_lineage.items() if names is None and name not in rule.harmless]
        if read.column_lineage
        else None,
        harmless=list(rule.harmless),
        prefilter=asdict(rule.prefilter) if rule.prefilter else None,
        tolerate=str(rule.levels[-1].above) if rule.levels else None,
        measure=_measure(rule, rule.measure) if rule.measure else None,
        description=rule.title,
        severity=FailureSeverity(rule.severity),
        notes=rule.why or None,
        meta={"rule": rule.id, "suite": rule.suite, "path": rule.path}
        | {name: value for name, value in asdict(rule.ownership).items() if value},
    )


def _measure(rule: Rule, measure: Measure) -> dict[str, Any]:
    bounds = [asdict(bound) | {"values": [*bound.values]} for bound in measure.bounds]
    is_personal = {"is_personal": True} if measure.column in rule.personal else {}
    return {"column": measure.column, "bounds": bounds} | is_personal
