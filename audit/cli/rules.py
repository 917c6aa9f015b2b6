"""The command that lists and explains rules: `order-audit rules`."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from order_audit.audit.cli.options import Fixes, Suites, Verbose, say
from order_audit.errors import UsageError


def rules(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False, help="A rule to show.")] = None,
    suite: Suites = None,
    folder: Fixes = None,
    lint: Annotated[bool, typer.Option("--lint", help="Schema rules.")] = False,
    verbose: Verbose = False,
) -> None:
    """List the rules, or show one: meaning, importance, fix, SQL.

    Example: order-audit rules lineage.order_ref_exists
    """
    from order_audit.expectations import load, schema_rules
    from order_audit.reports.terminal import summary

    if lint or (id is not None and id.startswith("schema.") and suite is None):
        known = schema_rules()
    else:
        from order_audit.audit.analysis import parsed_query

        known = load(*(suite or ["current"])).rules
        for rule in known:
            parsed_query.parse(rule)
    if id is None:
        say(summary.rule_list(known))
        return
    wanted = [rule for rule in known if rule.id == id]
    if not wanted:
        command = ["order-audit", "rules", *(["--lint"] if known[0].suite == "lint" else [])]
        command += [word for name in suite or () for word in ("--suite", name)]
        listed = f"'{shlex.join(command)}' lists them"
        if "*" in id:
            raise UsageError(f"rules shows one rule, not the pattern '{id}' (patterns are for 'run --rule'); {listed}")
        raise UsageError(f"no rule '{id}'{_nearest(id, [rule.id for rule in known])}; {listed}")
    from order_audit.audit.cli.fixes_text import fix_text
    from order_audit.fixes.fix import fixes

    repair = "" if wanted[0].suite == "lint" else fix_text(fixes(known, folder).get(wanted[0].id), verbose=verbose)
    say(summary.rule_text(wanted[0], repair))


def _nearest(word: str, words: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, words, 1)
    return f" (did you mean {near[0]}?)" if near else ""
