"""The command that writes fixes as a Sqitch project: `order-audit fixes emit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.fixes_connection import connected, refuse_dropped, refuse_standby
from order_audit.audit.cli.fixes_files import read_choices, read_files
from order_audit.audit.cli.fixes_options import NoGuards, Recommended
from order_audit.audit.cli.options import Decisions, Dsn, Fixes, Guards, Quiet, Schema, Suites, Variables, say


def emit_project(
    out: Annotated[Path, typer.Option(help="Folder for the project.")],
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    folder: Fixes = None,
    guard_folder: Guards = None,
    var: Variables = None,
    decisions: Decisions = None,
    accept_recommended: Recommended = False,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only this rule's fix, or these; repeatable.", show_default=False)
    ] = None,
    no_guards: NoGuards = False,
    quiet: Quiet = False,
) -> None:
    """Write the fixes as a Sqitch project: deploy, verify and revert, a change for each rule. Changes nothing.

    The files also run with psql alone.

    Example: order-audit fixes emit --out mend --dsn postgresql://reader@db/shop --decisions decisions.toml
    """
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.expectations import matching
    from order_audit.fixes.emission.emit import emit
    from order_audit.reports.formatting import plural
    from order_audit.scenario.migrate.moved import are_moved

    all_rules, fixes, own = read_files(suite, folder, guard_folder, var)
    choices, _ = read_choices(fixes, decisions, recommended=accept_recommended)
    wanted = matching(all_rules, rule) if rule else set()
    with connected(dsn, schema, sound=True) as connection, progress_bar("writing", quiet=quiet) as on_progress:
        refuse_standby(connection)
        refuse_dropped(connection, suite, folder)
        # a guard's function names its tables, and a rollback of the migration moves them again
        guards = not no_guards and not are_moved(connection)
        made = emit(
            connection, fixes, choices, out,
            rules=wanted, guards=guards, own_guards=own.values(), on_progress=on_progress,
        )  # fmt: skip
    for name, count in made.rows.items():
        say(f"{name}: {plural(count, 'row')}")
    for name, why in made.left_out.items():
        say(f"skipped: {name}: {why}")
    if made.not_converging:
        say(
            f"fixes of {', '.join(made.not_converging)} do not converge: other fixes undo them."
            " Choose another option for one of them, and emit again"
        )
    for name, count in made.run_again if not made.not_converging else ():
        say(
            f"after all files, run deploy/{name}.sql once more with psql: {plural(count, 'more row')} to change;"
            " the revert file reverts both runs"
        )
    say(f"{len(made.changes)} changes: {out}")
