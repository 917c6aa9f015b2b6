"""The commands that fix violations: `order-audit fixes …`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.configured import Configured
from order_audit.audit.cli.fixes_connection import connected, refuse_dropped, refuse_standby
from order_audit.audit.cli.fixes_emit import emit_project
from order_audit.audit.cli.fixes_files import read_choices, read_files
from order_audit.audit.cli.fixes_new import new
from order_audit.audit.cli.fixes_options import BatchSize, MaxWait, NoGuards, Pause, Recommended
from order_audit.audit.cli.options import (
    Decisions,
    Dsn,
    Fixes,
    Guards,
    Quiet,
    Schema,
    Suites,
    Variables,
    Verbose,
    following,
    say,
    with_variables,
)
from order_audit.errors import UsageError

if TYPE_CHECKING:
    import psycopg

    from order_audit.expectations import Rule

fixes_app = Commands(
    of=Configured, help="Fix violations: new, plan, emit, apply, status, revert.", no_args_is_help=True
)
fixes_app.command()(new)


def _count(connection: psycopg.Connection, rules: Iterable[Rule]) -> dict[str, int]:
    """Count violations; the import is slow, and needed only then."""
    from order_audit.audit.scans.count import count

    return count(connection, rules)


@fixes_app.command()
def plan(
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    folder: Fixes = None,
    guard_folder: Guards = None,
    var: Variables = None,
    decisions: Decisions = None,
    accept_recommended: Recommended = False,
    out: Annotated[
        Path | None,
        typer.Option(help="TOML file to write all open decisions to.", show_default=False),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the rows that each fix would change, open decisions, and remaining violations. Changes nothing.

    The fixes run on temporary copies of the tables, in one snapshot.

    Example: order-audit fixes plan --dsn postgresql://reader@db/shop --out decisions.toml
    """
    from dataclasses import replace

    from order_audit.audit.cli.fix_plan_text import next_step, plan_text
    from order_audit.audit.cli.fixes_keys import masked_keys, personal_keys
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.errors import RefusalError
    from order_audit.fixes.planning.decisions_file import decisions_toml
    from order_audit.fixes.planning.planner import plan as make
    from order_audit.fixes.planning.tables import located, none_there, tables

    rules, fixes, own = read_files(suite, folder, guard_folder, var)
    choices, _ = read_choices(fixes, decisions, recommended=accept_recommended)
    if out is not None and (not out.name or out.is_dir()):
        raise UsageError(f"--out: {out} is a folder: name a file")
    with connected(dsn, schema) as connection, progress_bar("planning", quiet=quiet) as on_progress:
        refuse_standby(connection)
        refuse_dropped(connection, suite, folder)
        fixes = located(connection, fixes)
        if fixes and not tables(connection, fixes):
            raise RefusalError(none_there(connection, fixes))
        made = make(connection, rules, fixes, choices, on_progress=on_progress, own_guards=own.values())
        made = replace(made, new=masked_keys(connection, rules, made.new)) if made.new else made
        personal = personal_keys(connection, [step.fix.rule for step in made.steps]) if out is not None else set()
    say(plan_text(made, verbose=verbose))
    if out is not None:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(decisions_toml(made, choices, personal), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {out}: {error.strerror}") from None
        say(f"decisions: {out}")
    step = next_step(
        made, out, decisions,
        suite=suite, folders={"--fixes": folder, "--guards": guard_folder}, schema=schema,
        recommended=accept_recommended,
    )  # fmt: skip
    if step is not None:
        say(following(with_variables(step[1], var), dsn, step[0]))
    raise typer.Exit(1 if made.errored else 0)


fixes_app.command("emit")(emit_project)


@fixes_app.command()
def apply(
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    folder: Fixes = None,
    guard_folder: Guards = None,
    var: Variables = None,
    decisions: Decisions = None,
    accept_recommended: Recommended = False,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse", help="Run in one transaction, roll it back, and show the violations before and after."
        ),
    ] = False,
    no_guards: NoGuards = False,
    checksums: Annotated[
        bool,
        typer.Option("--checksums", help="Prove by checksums of all rows, which takes longer than by row versions."),
    ] = False,
    batch_size: BatchSize = 10_000,
    max_lock_wait: MaxWait = 500,
    pause_ms: Pause = 0,
    quiet: Quiet = False,
) -> None:
    """Apply automatic fixes and decisions while applications run. An interrupted run can be repeated.

    Then install guards (constraints, indexes, triggers), which prevent new violations of the rules that pass.
    The undo log in the schema order_audit has every old value; 'fixes revert' restores them.

    Example: order-audit fixes apply --dsn postgresql://owner@db/shop --decisions decisions.toml
    """
    from order_audit.audit.cli.fixes_text import applied_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.fixes import apply as applying
    from order_audit.fixes.engine.throttle import Throttle
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.fixes.rehearse import rehearse as rehearse_fixes
    from order_audit.scenario.migrate.moved import are_moved, rename_in_undo_log

    rules, fixes, own = read_files(suite, folder, guard_folder, var)
    choices, decided = read_choices(fixes, decisions, recommended=accept_recommended)
    throttle = Throttle(batch_size=batch_size, max_lock_wait_ms=max_lock_wait, pause_ms=pause_ms)
    with connected(dsn, schema, changes=True) as connection, progress_bars(quiet=quiet) as start_progress:
        refuse_dropped(connection, suite, folder)
        # as above
        guarding = not no_guards and not are_moved(connection)
        if rehearse:
            on_progress = start_progress("rehearsing", lines=True)
            done = rehearse_fixes(
                connection, rules, fixes, choices, throttle,
                guarding=guarding, own_guards=own.values(), on_progress=on_progress,
            )  # fmt: skip
        else:
            refuse_read_only(connection)
            rename_in_undo_log(connection)
            done = applying.apply(
                connection,
                rules,
                fixes,
                choices,
                decided,
                throttle,
                guarding=guarding,
                own_guards=own.values(),
                by_checksums=checksums,
                count=_count,
                on_progress=start_progress("changing rows", lines=True),
                on_guard_progress=start_progress("installing guards", lines=True),
            )
    say(applied_text(done, rehearsed=rehearse))
    unguarded = any(error.passing for error in done.guard_errors.values())
    failed = done.errored or ((done.left or done.rejected or done.not_converging or unguarded) and not rehearse)
    raise typer.Exit(1 if failed else 0)


@fixes_app.command()
def status(dsn: Dsn = None, schema: Schema = "") -> None:
    """Show applied changes, reverted changes, conflicts of a revert, and guards.

    Example: order-audit fixes status --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.fixes_text import status_text
    from order_audit.fixes.engine.status import status as read
    from order_audit.fixes.guarding.in_place import InPlace, in_place

    with connected(dsn, schema) as connection:
        found = read(connection)
        say(status_text(found, in_place(connection) if found else InPlace()))


@fixes_app.command()
def revert(
    dsn: Dsn = None,
    schema: Schema = "",
    rule: Annotated[
        list[str] | None, typer.Option(help="Only this rule's fix, or these; repeatable.", show_default=False)
    ] = None,
    batch_size: BatchSize = 10_000,
    max_lock_wait: MaxWait = 500,
    pause_ms: Pause = 0,
    quiet: Quiet = False,
) -> None:
    """Restore the old values, the last fix first. Rows that have changed since are conflicts: listed, and kept.

    Exits with 1 if a row was not restored: conflicts, and rows that stayed locked. Guards that would reject
    old values are removed first: those of the chosen rules, or all.

    Example: order-audit fixes revert --dsn postgresql://owner@db/shop --rule orders.status_is_known
    """
    from order_audit.audit.cli.fixes_text import reverted_text
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.fixes.engine.throttle import Throttle
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.fixes.revert import revert as revert_fixes
    from order_audit.scenario.migrate.moved import rename_in_undo_log

    throttle = Throttle(batch_size=batch_size, max_lock_wait_ms=max_lock_wait, pause_ms=pause_ms)
    removed: list[str] = []
    try:
        with connected(dsn, schema, changes=True) as connection, progress_bar("reverting", quiet=quiet) as on_progress:
            refuse_read_only(connection)
            rename_in_undo_log(connection)
            reverted = revert_fixes(
                connection, rule or (), throttle, on_guard_removed=removed.append, on_progress=on_progress
            )
    finally:  # report removed guards even after an error
        for name in removed:
            say(f"guard {name} removed")
    say(reverted_text(reverted))
    raise typer.Exit(1 if reverted is not None and not reverted.complete else 0)
