"""The options of a run that commands on its result repeat."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from order_audit.audit.results.options import Options
from order_audit.expectations import Rule
from order_audit.expectations.variables import ENVIRONMENT, is_secret
from order_audit.reports.document import GivenOptions


def given_options(options: Options, rules: Iterable[Rule]) -> GivenOptions:
    """Return the options; those of a configuration file apply without being repeated."""
    declared = {it.name for rule in rules for it in rule.variables}
    environment = {name: os.environ.get(f"{ENVIRONMENT}{name.upper()}") for name in sorted(declared)}
    values = {name: value for name, value in environment.items() if value is not None} | {**options.variables}
    return GivenOptions(
        environment=options.environment,
        schema=options.schema,
        fixes=str(options.fixes or ""),
        guards=str(options.guards or ""),
        allow=str(options.allow or ""),
        rules=options.rules,
        exclude=options.exclude,
        tags=options.tags,
        variables={name: None if is_secret(name, value) else value for name, value in values.items()} or None,
        others=tuple(_others(options)),
        configuration=options.configuration,
    )


def _others(options: Options) -> Iterator[str]:
    """Yield the words of the options that no other part of a result has.

    With a configuration file, options have their words even if their values are the usual ones, because they go over
    the file's. Excluded are the folder of the results, and what is shown meanwhile.
    """
    usual, of_file = Options(), bool(options.configuration)
    values = {
        "--engine": options.engine if of_file or options.engine != usual.engine else None,
        "--memory": options.memory or None,
        "--format": ",".join(options.formats) if of_file or options.formats != usual.formats else None,
        "--history": options.history and "…",
        "--since": options.since and "…",
        "--verify-since": options.verify_since,
        "--examples": options.examples if of_file or options.examples != usual.examples else None,
        "--rows": options.rows if of_file or options.rows else None,
        "--jobs": options.jobs if of_file or options.jobs != usual.jobs else None,
        "--statement-timeout": options.timeout,
        "--sample": options.sample,
    }
    for option, value in values.items():
        if value is not None:
            yield from (option, str(value).removesuffix(".0"))
    for place in options.lake:
        yield from ("--lake", place)
    for path in options.ddl:
        yield from ("--ddl", str(path))
    flags = {
        "--state": options.state and options.since is None,
        "--full": options.full,
        "--different": options.different,
        "--gentle": options.gentle,
        "--no-lint": not options.lint,
        "--no-profile": not options.profile,
        "--exact": options.exact,
        "--plan-fixes": options.plan_fixes,
    }
    yield from (flag for flag, is_given in flags.items() if is_given)
