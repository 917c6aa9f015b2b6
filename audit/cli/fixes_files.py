"""The files that the commands `order-audit fixes …` read: rules, fixes, guards, decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from order_audit.audit.cli.configured import configured_rules, configured_variables, is_trusted
from order_audit.audit.cli.options import variables
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.expectations import Rule
    from order_audit.fixes.fix import Fix
    from order_audit.fixes.guarding.guard import Guard
    from order_audit.fixes.planning.decisions import Decisions


class Files(NamedTuple):
    """Rules, their fixes in order, guards of one's own in order."""

    rules: tuple[Rule, ...]
    fixes: dict[str, Fix]
    guards: dict[str, Guard]


def read_files(suite: list[str] | None, folder: Path | None, guards: Path | None, var: list[str] | None) -> Files:
    """Return the rules of suites, with the fixes and guards in these folders; for_each rules have neither.

    Raises UsageError if there is no fix and no guard.
    """
    from order_audit.audit.analysis import reach
    from order_audit.expectations import Given, load, resolved
    from order_audit.fixes.fix import fixes
    from order_audit.fixes.guarding.own_guards import own_guards

    loaded = load(*(suite or ["current"]))
    if not fixes(loaded.rules, folder) and folder is not None:
        id = loaded.rules[0].id
        path = folder.joinpath(*id.split("."))
        raise UsageError(f"--fixes: {folder} has no fix of a rule of this suite: that of {id} would be {path}.sql")
    own_guards(guards, loaded.rules)  # a wrong file is an error before a variable is missed
    wanted = {rule.id for rule in loaded.rules if rule.for_each is None}
    given = Given(variables(var), configured_variables())
    rules = configured_rules(resolved(loaded, wanted, given).rules, suite)
    rules = tuple(rule for rule in rules if rule.for_each is None)
    by_rule, own = fixes(rules, folder), own_guards(guards, rules)
    if not is_trusted():
        reach.refuse_rules(rules)
        reach.refuse_fixes(by_rule.values(), own.values())
    if not by_rule and not own:
        raise UsageError(
            "no rule of this suite has a fix; name a folder of fix files with --fixes, or of guard files with --guards"
        )
    return Files(rules, by_rule, own)


def read_choices(
    fixes: dict[str, Fix], decisions: Path | None, *, recommended: bool
) -> tuple[dict[str, str], Decisions | None]:
    """Return the chosen options by rule, and the decisions file if given."""
    from order_audit.fixes.planning.decisions import choose, read

    decided = read(decisions, fixes) if decisions is not None else None
    return choose(fixes, decided, recommended=recommended), decided
