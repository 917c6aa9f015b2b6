"""The command that lists and explains rules: `order-audit rules`."""

from __future__ import annotations

from typing import Annotated

import typer

from order_audit.audit.cli.configured import configured_rules, configured_variables, current
from order_audit.audit.cli.options import Fixes, Guards, Suites, Tags, Variables, Verbose, say, variables
from order_audit.errors import UsageError


def rules(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False, help="A rule to show.")] = None,
    suite: Suites = None,
    folder: Fixes = None,
    guard_folder: Guards = None,
    tag: Tags = None,
    lint: Annotated[bool, typer.Option("--lint", help="Schema rules.")] = False,
    var: Variables = None,
    verbose: Verbose = False,
) -> None:
    """List the rules, or show one: meaning, importance, fix, SQL.

    Example: order-audit rules lineage.order_ref_exists
    """
    from order_audit.expectations import (
        Given,
        check_names,
        limited_by,
        load,
        psql_lines,
        schema_rules,
        tagged,
        unknown_rule,
    )
    from order_audit.reports.terminal import summary

    configuration = current()
    in_file = configuration is not None and suite == configuration.value("suites")
    if lint or (id is not None and id.startswith("schema.") and (suite is None or in_file)):
        known = schema_rules()
    else:
        from order_audit.audit.analysis import parsed_query

        known = load(*(suite or ["current"])).rules
        for rule in known:
            parsed_query.parse(rule)
        known = configured_rules(known, suite)
    given = Given(variables(var), configured_variables())
    check_names(known, given)
    if not known:
        raise UsageError(f"suite '{(suite or [''])[0]}' has no rules")
    if id is not None and tag:
        raise UsageError(f"--tag lists rules; drop it, or the rule {id}")
    if id is None:
        chosen = tagged(known, tag) if tag else {rule.id for rule in known}
        say(summary.rule_list(rule for rule in known if rule.id in chosen))
        return
    # an instance is shown as its rule
    wanted = [rule for rule in known if rule.id == id or (rule.for_each and id.startswith(f"{rule.id}["))]
    if not wanted:
        if set(id) & set("*?["):
            raise UsageError(f"'{id}' is a pattern, which only 'run' and 'lint' take: name one rule")
        raise UsageError(f"no rule '{id}'{unknown_rule(id, known)}")
    from order_audit.audit.cli.fixes_text import fix_text, guards_text
    from order_audit.fixes.fix import fixes
    from order_audit.fixes.guarding.own_guards import own_guards
    from order_audit.fixes.planning.guards import guards_of

    repair = ""
    if wanted[0].suite != "lint" and not wanted[0].measure:
        guards = guards_of(known, own_guards(guard_folder, known).values())
        repair = fix_text(fixes(known, folder).get(wanted[0].id), verbose=verbose)
        repair += guards_text([guard for guard in guards if wanted[0].id in {rule.id for rule in guard.protects}])
    say(summary.rule_text(limited_by(wanted[0], given), repair, psql_lines(wanted[0], given)))
