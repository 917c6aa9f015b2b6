"""The rules that an audit judges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import psycopg

from order_audit.audit.analysis import parsed_query, reach
from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.audit.results.options import Options
from order_audit.audit.results.suppressed import refuse_digests, refuse_unknown
from order_audit.audit.scans.instances import made_instances
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.schema import suppression
from order_audit.errors import UsageError
from order_audit.expectations import (
    Given,
    Rule,
    Suite,
    asked,
    check_overrides,
    load,
    overridden,
    resolved,
    schema_rules,
)
from order_audit.reports.document import Suppression


@dataclass(frozen=True)
class Selection:
    """The selected rules of a suite with their parsed queries; the others; accepted findings.

    `pending` are selected rules that are repeated for the rows of a query.
    """

    suite: Suite
    wanted: list[tuple[Rule, ParsedQuery]]
    left_out: list[Rule]
    suppressions: list[Suppression]
    pending: list[Rule]


def selected(options: Options) -> Selection:
    """Return the selection, as far as it is known without the database. Raises SuiteError, UsageError."""
    loaded = load(*options.suites)
    wanted = _asked(loaded, options)
    if not options.trusted:
        reach.refuse_rules(loaded.rules)
    suite = resolved(loaded, wanted, Given(options.variables, options.configured))
    if options.all_match:
        check_overrides(suite.rules, options.overrides)
    wanted = _asked(suite, options)
    pending = {rule.id for rule in suite.rules if rule.is_pending and rule.id in wanted}
    suite = _overridden(suite, {rule.id for rule in suite.rules} - pending, options)
    if not wanted and suite.rules:
        raise UsageError(f"--rule{', --tag' * bool(options.tags)} and --exclude leave no rule to judge")
    if options.all_match:
        refuse_unknown(options.suppressions, loaded.rules)
    refuse_digests(options.suppressions, options.key_file)
    accepted = suppression.read(options.allow, [rule.id for rule in schema_rules()], options.suppressions)
    return _selection(suite, wanted, accepted)


def with_instances(
    connection: psycopg.Connection, selection: Selection, options: Options
) -> tuple[Selection, dict[str, Outcome]]:
    """Make the instances of rules that are repeated for a query; also return the outcomes of rules without any.

    Raises SuiteError if a pattern matches no instance.
    """
    if not selection.pending:
        return selection, {}
    suite, outcomes = made_instances(connection, selection.suite, selection.pending)
    if options.all_match:
        check_overrides(suite.rules, options.overrides)
    suite = _overridden(suite, {rule.id for rule in selection.pending}, options)
    wanted = _asked(suite, options)
    made = _selection(suite, wanted, selection.suppressions)
    return replace(made, pending=[]), outcomes


def _overridden(suite: Suite, ids: set[str], options: Options) -> Suite:
    """Override severities and tolerances of these rules, or of their instances."""
    rules = [overridden([rule], options.overrides)[0] if {rule.id, rule.base} & ids else rule for rule in suite.rules]
    return replace(suite, rules=tuple(rules))


def _asked(suite: Suite, options: Options) -> set[str]:
    return asked(suite.rules, options.rules, options.exclude, options.tags)


def _selection(suite: Suite, wanted: set[str], suppressions: list[Suppression]) -> Selection:
    chosen = [(rule, parsed_query.parse(rule)) for rule in suite.rules if rule.id in wanted]
    return Selection(
        suite=suite,
        wanted=[(rule, parsed) for rule, parsed in chosen if not rule.is_pending],
        left_out=[rule for rule in suite.rules if rule.id not in wanted],
        suppressions=suppressions,
        pending=[rule for rule, _ in chosen if rule.is_pending],
    )
