"""The command that begins a fix file: `order-audit fixes new`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from order_audit.audit.cli.configured import configured_variables
from order_audit.audit.cli.fixes_connection import connected
from order_audit.audit.cli.options import Dsn, Schema, Suites, Variables, following, say, variables, with_variables
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.expectations import Rule


def new(
    id: Annotated[str, typer.Argument(metavar="RULE", show_default=False, help="The rule to fix.")],
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    folder: Annotated[Path, typer.Option("--fixes", metavar="DIR", help="Folder of your fix files.")] = Path("fixes"),
    var: Variables = None,
) -> None:
    """Write the beginning of a fix file for a rule of your own: key, table, columns, and what a change sets off.

    What only a person knows is marked FILL_IN; 'fixes plan' refuses the file until it is written. Never overwrites.

    Example: order-audit fixes new shipping.parcel_has_weight --suite mine --fixes repairs
    """
    from order_audit.audit.analysis import parsed_query
    from order_audit.audit.analysis.own_columns import own_columns
    from order_audit.audit.scans.count import count
    from order_audit.fixes.comments import FILL_IN
    from order_audit.fixes.skeleton.facts import facts
    from order_audit.fixes.skeleton.text import skeleton
    from order_audit.reports.action_plan import command
    from order_audit.reports.formatting import plural

    rule = _rule(id, suite, var)
    path = folder.joinpath(*id.split(".")[:-1], f"{id.split('.')[-1]}.sql")
    if path.exists():
        raise UsageError(f"{path} exists already, and is not overwritten")
    own = functools.partial(own_columns, rule.key, parsed_query.parse(rule).rows)
    with connected(dsn, schema) as connection:
        found = facts(connection, rule, own)
        text = skeleton(rule, found, count(connection, [rule]).get(rule.id))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    places = sum(FILL_IN in line for line in text.splitlines())
    say(f"{path}: {plural(places, 'line')} with {FILL_IN}")
    words = ["plan", "--fixes", str(folder)]
    then = command("fixes", *words, suites=suite or (), schema=schema)
    say(following(with_variables(then, var), dsn, f"write what belongs in place of each {FILL_IN}; then "))


def _rule(id: str, suite: list[str] | None, var: list[str] | None) -> Rule:
    """Return the rule; raises UsageError if there is none, or if a fix of it is shipped or impossible."""
    from order_audit.expectations import Given, load, resolved, unknown_rule
    from order_audit.fixes.fix import fixes

    loaded = load(*(suite or ["current"]))
    rules = loaded.rules
    rule = next((rule for rule in rules if rule.id == id), None)
    if rule is None:
        raise UsageError(f"no rule '{id}'{unknown_rule(id, rules)}")
    if rule.unfixed:
        raise UsageError(f"the header 'unfixed' of {rule.path} says that this rule has no fix")
    if shipped := fixes([rule]).get(id):
        raise UsageError(f"a fix of {id} is shipped: {shipped.path}")
    if rule.for_each is not None:
        raise UsageError(
            f"for_each repeats {rule.id} ({rule.path}), and a fix knows no values: write a rule of its own for the"
            " value to fix"
        )
    given = Given(variables(var), configured_variables())
    return next(rule for rule in resolved(loaded, {id}, given).rules if rule.id == id)
