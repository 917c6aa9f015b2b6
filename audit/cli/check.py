"""The command that checks suite files: `order-audit check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.configured import from_file
from order_audit.audit.cli.options import Fixes, Guards, Schema, Variables, say, variables


def check(
    suite: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE]...",
            show_default=False,
            help="Folders or files of rules, or names of shipped suites. Default: those of the configuration.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--dsn",
            help="Also check each statement against the tables of this database, which runs none of them.",
            show_default=False,
        ),
    ] = None,
    schema: Schema = "",
    folder: Fixes = None,
    guard_folder: Guards = None,
    var: Variables = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULTS.json",
            help="A result, whose unused suppressions are named.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check suite files: headers, statements, variables, fixes, guards, suppressions. Exits with 1 for an error.

    Example: order-audit check rules --dsn postgresql://reader@db/shop
    """
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.results import suite_check
    from order_audit.audit.results.options import Options
    from order_audit.reports.control_characters import escape
    from order_audit.reports.formatting import plural

    options = Options(
        suites=tuple(suite or ["current"]),
        fixes=folder,
        guards=guard_folder,
        **from_file(suite),
        variables=variables(var),
        schema=schema,
    )
    checked = suite_check.check(options, dsns.resolve(server) if server else None)
    faults = [*checked.faults, *(suite_check.unused(results) if results else ())]
    for it in faults:
        say(escape(it.text if it.is_error else f"{it.text} (warning)"))
    errors = sum(it.is_error for it in faults)
    warnings = len(faults) - errors
    say(f"{plural(checked.rules, 'rule')} checked: {plural(errors, 'error')}, {plural(warnings, 'warning')}")
    raise typer.Exit(1 if errors else 0)
