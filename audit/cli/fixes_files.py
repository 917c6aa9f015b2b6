"""The rules and fixes that the commands `order-audit fixes …` work with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from order_audit.audit.cli.configured import configured_variables
from order_audit.audit.cli.options import variables
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.expectations import Rule
    from order_audit.fixes.fix import Fix


def fix_files(
    suite: list[str] | None, folder: Path | None, var: list[str] | None
) -> tuple[tuple[Rule, ...], dict[str, Fix]]:
    """Return the rules without those that for_each repeats, which have no fixes; and the fixes in order."""
    from order_audit.expectations import Given, load, resolved
    from order_audit.fixes.fix import fixes

    loaded = load(*(suite or ["current"]))
    by_rule = fixes(loaded.rules, folder)
    if not by_rule and folder is not None:
        id = loaded.rules[0].id
        path = folder.joinpath(*id.split("."))
        raise UsageError(f"--fixes: {folder} has no fix of a rule of this suite: that of {id} would be {path}.sql")
    wanted = {rule.id for rule in loaded.rules if rule.for_each is None}
    rules = tuple(
        rule
        for rule in resolved(loaded, wanted, Given(variables(var), configured_variables())).rules
        if rule.for_each is None
    )
    by_rule = fixes(rules, folder)
    if not by_rule:
        raise UsageError("no rule of this suite has a fix; name a folder of fix files with --fixes")
    return rules, by_rule
