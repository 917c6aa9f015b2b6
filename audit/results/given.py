"""The options of a run that commands on its result repeat."""

from __future__ import annotations

import os
from collections.abc import Iterable

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
    )
