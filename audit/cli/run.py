"""The command that audits a database: `order-audit run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from order_audit.audit.cli.audit_options import (
    Allow,
    Ddl,
    Engine,
    Exact,
    Exclude,
    Full,
    History,
    KeyFile,
    LakeTables,
    Memory,
    OnlyRules,
    Sample,
    Severity,
    Since,
    State,
    Timeout,
    VerifySince,
)
from order_audit.audit.cli.configured import current, from_file
from order_audit.audit.cli.options import (
    Dsn,
    Fixes,
    Guards,
    Quiet,
    Schema,
    Suites,
    Tags,
    Variables,
    Verbose,
    following,
    say,
    say_notes,
    variables,
)
from order_audit.audit.formats import FORMATS, asked_formats
from order_audit.audit.results.option_checks import check_options, percentage
from order_audit.errors import UsageError
from order_audit.progress import ignore_note
from order_audit.reports.writers import DEFAULT

if TYPE_CHECKING:
    from order_audit.reports.document import Database, Document

#: Warnings of functions of other roles that the terminal shows.
_WARNINGS: Final = 3


def run(
    out: Annotated[Path | None, typer.Option(help="Folder for the files.", show_default=False)] = None,
    dsn: Dsn = None,
    schema: Schema = "",
    engine: Engine = "postgresql",
    lake: LakeTables = None,
    memory: Memory = "",
    suite: Suites = None,
    folder: Fixes = None,
    guard_folder: Guards = None,
    rule: OnlyRules = None,
    exclude: Exclude = None,
    tag: Tags = None,
    var: Variables = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help=f"Formats to write, separated by commas: {', '.join(FORMATS)}; auto: those that the CI system reads.",
        ),
    ] = ",".join(DEFAULT),
    fail_on: Annotated[Severity, typer.Option(help="Fail the gate on this severity or worse.")] = "critical",
    min_pass_rate: Annotated[
        str | None,
        typer.Option(metavar="P", help="Percentage of expectations that must pass.", show_default=False),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="An earlier results.json next to its violations.csv; only new violations fail the gate.",
            show_default=False,
        ),
    ] = None,
    history: History = None,
    key_file: KeyFile = None,
    since: Since = None,
    state: State = False,
    full: Full = False,
    verify_since: VerifySince = None,
    different: Annotated[
        bool, typer.Option("--different", help="Allow a baseline of a different database or suite.")
    ] = False,
    allow_skipped: Annotated[
        bool, typer.Option("--allow-skipped", help="Do not fail the gate on rules whose table is missing.")
    ] = False,
    examples: Annotated[int, typer.Option(min=0, max=10_000, help="Evidence rows per rule.")] = 20,
    rows: Annotated[
        int,
        typer.Option(
            min=0,
            max=10_000_000,
            metavar="N",
            show_default=False,
            help="Write up to N violating rows per rule to violations/RULE.csv, masked like evidence.",
        ),
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Number of connections.")] = 2,
    low_impact: Annotated[
        bool,
        typer.Option("--gentle", help="Low impact: one scan at a time, no parallel workers, a pause after each."),
    ] = False,
    statement_timeout: Timeout = None,
    csv_safe: Annotated[
        bool, typer.Option("--csv-safe", help="Also write violations-safe.csv, in which no key is a formula.")
    ] = False,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show secrets and personal data in the evidence.")] = False,
    no_lint: Annotated[bool, typer.Option("--no-lint", help="Skip the schema lint.")] = False,
    allow: Allow = None,
    ddl: Ddl = None,
    fail_on_schema: Annotated[
        Severity,
        typer.Option(
            help="Fail the gate on schema findings of this severity or worse, and on errored schema rules; or never."
        ),
    ] = "never",
    fail_on_anomaly: Annotated[
        Severity,
        typer.Option(help="Fail the gate on figures that are unusual in the history, from this severity on."),
    ] = "never",
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Skip the profile.")] = False,
    sample: Sample = None,
    exact: Exact = False,
    plan_fixes: Annotated[
        bool,
        typer.Option(
            "--plan-fixes",
            help="Try the automatic fixes on temporary copies, so that the report has exact numbers and examples.",
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_schema: Annotated[
        bool,
        typer.Option("--json-schema", help="Print the JSON Schema of results.json and exit."),
    ] = False,
) -> None:
    """Audit a database and write report.html, results.json, violations.csv, junit.xml and summary.md.

    Example: order-audit run --dsn postgresql://reader@db/shop --out audit-out
    """
    if json_schema:
        from importlib.resources import files

        say(files("order_audit.reports").joinpath("results.schema.json").read_text(encoding="utf-8").rstrip())
        return
    if out is None:
        if suite:
            from order_audit.expectations import load

            load(*suite)  # a wrong suite would be the next error
        raise UsageError(
            "--out is missing: name a folder for the files, here or as out in [output] of order-audit.toml"
        )
    check_options(sample, statement_timeout, verify_since, exact=exact)
    from order_audit.audit.cli import log_commands
    from order_audit.audit.cli.failure_mark import marked_failure
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.run import Options
    from order_audit.audit.run import run as audit
    from order_audit.reports import action_plan
    from order_audit.reports.terminal import summary

    if low_impact:
        os.nice(19)  # this program may run on the machine of the server or its clients
    configuration = current()
    if configuration and not quiet:
        print(f"configuration: {configuration.name}", file=sys.stderr)
    with progress_bars(quiet=quiet) as start_progress:
        options = Options(
            suites=tuple(suite or ["current"]),
            fixes=folder,
            guards=guard_folder,
            rules=tuple(rule or ()),
            exclude=tuple(exclude or ()),
            tags=tuple(tag or ()),
            **from_file(suite),
            variables=variables(var),
            schema=schema,
            engine=engine,
            lake=tuple(lake or ()),
            memory=memory,
            formats=asked_formats(formats, csv_safe=csv_safe),
            fail_on=fail_on,
            min_pass_rate=percentage(min_pass_rate),
            baseline=baseline,
            history=history,
            key_file=key_file,
            since=since,
            state=state or since is not None,
            full=full,
            verify_since=verify_since,
            different=different,
            allow_skipped=allow_skipped,
            examples=examples,
            rows=rows,
            jobs=jobs,
            gentle=low_impact,
            lint=not no_lint,
            profile=not no_profile,
            sample=sample,
            exact=exact,
            plan_fixes=plan_fixes,
            allow=allow,
            ddl=tuple(ddl or ()),
            fail_on_schema=fail_on_schema,
            fail_on_anomaly=fail_on_anomaly,
            timeout=statement_timeout,
            unmask=unmask,
            on_progress=start_progress("judging rules", lines=True),
            start_progress=start_progress,
            on_note=ignore_note if quiet or not sys.stderr.isatty() else _say_early,
            on_warning=_say_early,
        )
        with marked_failure(out), _new_key_file(key_file):
            document = audit("" if lake else dsns.resolve(dsn), out, options)
    if not quiet and (dsn or os.environ.get("DATABASE_URL")) != "embedded":  # where each user is a superuser
        _say_beyond_reading(document.run.database)
    if not quiet:
        say_notes(document.run.notes)
    _warn(document.run.database)
    command = action_plan.next_command(document)
    then = [following(command, dsn)] if command and not lake else []
    say(summary.verdict_text(document, out, then, verbose=verbose))
    log_commands.say_all(document, options.formats, out)
    raise typer.Exit(_exit_code(document))


@contextmanager
def _new_key_file(path: Path | None) -> Iterator[None]:
    """Say of a key file that it was created meanwhile."""
    is_missing = path is not None and not os.path.lexists(path)
    try:
        yield
    finally:
        if path is not None and is_missing and path.exists():
            from order_audit.reports.control_characters import escape

            note = f"created the key file {path}: keep it for later runs, away from the results"
            typer.echo(f"order-audit: {escape(note)}", err=True)


def _say_early(note: str) -> None:
    """Print what a person at a terminal need not wait for."""
    from order_audit.reports.control_characters import escape

    print(f"order-audit: {escape(note)}", file=sys.stderr, flush=True)


def _say_beyond_reading(database: Database) -> None:
    """Print what the audit's role may do besides reading, which a suite could use."""
    if database.beyond_reading:
        from order_audit.reports.control_characters import escape

        able = ", ".join(database.beyond_reading)
        typer.echo(escape(f"note: role {database.user} {able}; for an audit, SELECT is enough"), err=True)


def _warn(database: Database) -> None:
    """Print the first warnings of schemas with functions of other roles, and of rules that may call them."""
    from order_audit.reports.control_characters import escape
    from order_audit.reports.formatting import plural

    for text in database.foreign_code[:_WARNINGS]:
        typer.echo(escape(f"warning: {text}"), err=True)
    if (more := len(database.foreign_code) - _WARNINGS) > 0:
        typer.echo(f"  and {plural(more, 'more warning')} in results.json and in the report", err=True)


def _exit_code(document: Document) -> int:
    if not document.run.complete:
        return 130
    return 0 if document.summary.gate.passed else 1
