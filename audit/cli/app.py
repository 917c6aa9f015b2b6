"""The command line. Each command imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from order_audit.audit.cli.fixes import fixes_app
from order_audit.audit.cli.gx import gx_app
from order_audit.audit.cli.migrate import migrate_app
from order_audit.audit.cli.options import Dsn, Quiet, Schema, Suites, say
from order_audit.audit.formats import FORMATS
from order_audit.errors import OrderAuditError, RunError, UsageError
from order_audit.reports.document import Document
from order_audit.reports.document.comparison import Comparison
from order_audit.reports.writers import DEFAULT

app = typer.Typer(
    name="order-audit",
    help="Audit a PostgreSQL database: rules as SQL, one read-only snapshot, exact evidence, a verdict for CI.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
scenario_app = typer.Typer(help="The scenario's database: create it.", no_args_is_help=True)
app.add_typer(scenario_app, name="scenario")
app.add_typer(fixes_app, name="fixes")
app.add_typer(migrate_app, name="migrate")
app.add_typer(gx_app, name="gx")

#: The longest statement_timeout that PostgreSQL takes, in seconds.
_LONGEST = 2_147_483

Severity = Literal["critical", "warning", "info", "never"]
Allow = Annotated[
    Path | None,
    typer.Option(help="Accepted schema findings: lines of 'rule object: reason'.", show_default=False),
]
Sample = Annotated[
    float | None,
    typer.Option(metavar="P", help="Percentage of each table's pages that the profile reads.", show_default=False),
]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", help="Seconds that one statement may take.", show_default=False),
]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave this rule out; repeatable.", show_default=False)]


@app.callback()
def shared(
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show a traceback when something fails. Works after any command too."),
    ] = False,
) -> None:
    """Take the options that all commands share; `main` reads --debug before anything else can fail."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"order-audit {version('order-audit')}")
        raise typer.Exit


@app.command("version")
def print_version() -> None:
    """Print the version."""
    _version(True)


@app.command()
def run(
    out: Annotated[Path | None, typer.Option(help="Folder for the files.", show_default=False)] = None,
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="Only this rule, or these ('lineage.*'); repeatable.", show_default=False),
    ] = None,
    exclude: Exclude = None,
    formats: Annotated[
        str, typer.Option("--format", help=f"Which files to write, by commas, of {', '.join(FORMATS)}.")
    ] = ",".join(DEFAULT),
    fail_on: Annotated[Severity, typer.Option(help="Mildest severity whose failure fails the gate.")] = "critical",
    min_pass_rate: Annotated[
        str | None,
        typer.Option(metavar="P", help="Percentage of expectations that must pass.", show_default=False),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="An earlier results.json, its violations.csv beside it: violations that it has fail nothing.",
            show_default=False,
        ),
    ] = None,
    different: Annotated[
        bool, typer.Option("--different", help="Take a baseline of a different database or suite all the same.")
    ] = False,
    allow_skipped: Annotated[
        bool, typer.Option("--allow-skipped", help="Let the gate pass where a rule's table is not there.")
    ] = False,
    examples: Annotated[int, typer.Option(min=0, max=10_000, help="Evidence rows per rule.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="Connections at work.")] = 2,
    low_impact: Annotated[
        bool,
        typer.Option("--gentle", help="Spare the server: one scan at a time, no parallel workers, a pause after each."),
    ] = False,
    statement_timeout: Timeout = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show secrets and personal data in the evidence.")] = False,
    no_lint: Annotated[bool, typer.Option("--no-lint", help="Leave the schema lint out.")] = False,
    allow: Allow = None,
    fail_on_schema: Annotated[
        Severity,
        typer.Option(
            help="Mildest severity whose schema finding fails the gate; but for never, an errored schema rule does too."
        ),
    ] = "never",
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Leave the profile out.")] = False,
    sample: Sample = None,
    quiet: Quiet = False,
    json_schema: Annotated[
        bool,
        typer.Option("--json-schema", help="Print the JSON Schema of results.json, and do nothing else."),
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
        raise UsageError("--out is missing: name the folder for the files")
    _check(sample, statement_timeout)
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.run import Options
    from order_audit.audit.run import run as audit
    from order_audit.reports.terminal import summary

    if low_impact:
        os.nice(19)  # this program may share the machine with the server, or with whom it serves
    with progress_bars(quiet=quiet) as start_progress:
        options = Options(
            suites=tuple(suite or ["current"]),
            rules=tuple(rule or ()),
            exclude=tuple(exclude or ()),
            schema=schema,
            formats=_formats(formats),
            fail_on=fail_on,
            min_pass_rate=_percentage(min_pass_rate),
            baseline=baseline,
            different=different,
            allow_skipped=allow_skipped,
            examples=examples,
            jobs=jobs,
            gentle=low_impact,
            lint=not no_lint,
            profile=not no_profile,
            sample=sample,
            allow=allow,
            fail_on_schema=fail_on_schema,
            timeout=statement_timeout,
            unmask=unmask,
            on_progress=start_progress("judging rules", lines=True),
            start_progress=start_progress,
        )
        document = audit(dsns.resolve(dsn), out, options)
    say(summary.verdict_text(document, out))
    raise typer.Exit(_exit_code(document))


@app.command()
def lint(
    dsn: Dsn = None,
    schema: Annotated[
        str,
        typer.Option(
            help="Schema whose objects are named without it. Default: what the search path gives.", show_default=False
        ),
    ] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option(help="Only this rule, or these ('schema.key_*'); repeatable.", show_default=False),
    ] = None,
    exclude: Exclude = None,
    allow: Allow = None,
    fail_on: Annotated[
        Severity,
        typer.Option(help="Mildest severity whose finding gives exit code 1; but for never, an errored rule does too."),
    ] = "never",
    statement_timeout: Timeout = None,
    examples: Annotated[
        int, typer.Option(min=1, help="Findings shown of each rule, and lines of each suggestion; JSON has them all.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Find what is wrong with the schema: keys, references, types, constraints, indexes, names.

    Example: order-audit lint --dsn postgresql://reader@db/shop --fail-on critical
    """
    import json

    from order_audit.audit.cli.lint_text import lint_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.schema import suppression as allowed
    from order_audit.audit.schema.lint import document, findings
    from order_audit.audit.schema.lint import lint as judge
    from order_audit.expectations import matching, schema_rules
    from order_audit.reports.schema_findings import failing

    _check(None, statement_timeout)
    rules = schema_rules()
    wanted = matching(rules, rule) if rule else {found.id for found in rules}
    wanted -= matching(rules, exclude or ())
    if not wanted:
        raise UsageError("--rule and --exclude leave no rule to judge")
    suppressions = allowed.read(allow, (found.id for found in rules)) if allow else []
    with (
        progress_bars(quiet=False) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        asked = [found for found in rules if found.id in wanted]
        verdicts = judge(snapshot.connection, asked, start_progress("judging the schema"))
    verdicts, unused = allowed.accept(verdicts, suppressions, (found.id for found in rules))
    told = (
        json.dumps(document(verdicts), indent=2, ensure_ascii=False)
        if as_json
        else lint_text(verdicts, unused, examples)
    )
    say(told)
    unsure = fail_on != "never" and any(verdict.status == "errored" for verdict in verdicts)
    raise typer.Exit(1 if unsure or failing(findings(verdicts), fail_on) else 0)


@app.command()
def profile(
    dsn: Dsn = None,
    schema: Schema = "",
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table; repeatable. Default: all of them.", show_default=False)
    ] = None,
    sample: Sample = None,
    statement_timeout: Timeout = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show secrets and personal data.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Describe the data: what each column holds, by aggregates that the server computes in one pass per table.

    Example: order-audit profile --dsn postgresql://reader@db/shop --table orders --sample 5
    """
    import json
    import shutil

    from order_audit.audit.analysis.parsed_query import RelationName
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import catalog
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.profiling.profile import profile as describe
    from order_audit.reports.terminal.profile import profile_text

    _check(sample, statement_timeout)
    with (
        progress_bars(quiet=False) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        names = [RelationName("", name) for name in table or catalog.tables(snapshot.connection)]
        there = catalog.relations(snapshot.connection, names)
        if missing := [str(name) for name in names if name not in there]:
            raise UsageError(f"--table: there is no table '{missing[0]}'")
        wanted = [there[name] for name in names]
        on_progress = start_progress("profiling tables")
        found = describe(snapshot.connection, wanted, sample=sample, unmask=unmask, on_progress=on_progress)
    if not found:
        raise RunError("there is no table to describe; --schema names the schema that holds them")
    width = shutil.get_terminal_size((120, 24)).columns
    say(json.dumps(found, indent=2, ensure_ascii=False) if as_json else profile_text(found, width))


def _check(sample: float | None, statement_timeout: float | None) -> None:
    if sample is not None and not 0 < sample <= 100:
        raise UsageError(f"--sample: {sample} is not above 0 and up to 100")
    if statement_timeout is not None and not 0.001 <= statement_timeout <= _LONGEST:
        raise UsageError(f"--statement-timeout: {statement_timeout} is not between 0.001 and {_LONGEST} seconds")


@app.command()
def rules(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False, help="A rule to explain.")] = None,
    suite: Suites = None,
    lint: Annotated[bool, typer.Option("--lint", help="Those on the schema.")] = False,
) -> None:
    """List the rules, or explain one: what it means, why it matters, how it is put right, its SQL.

    Example: order-audit rules lineage.order_ref_exists
    """
    from order_audit.expectations import load, schema_rules
    from order_audit.reports.terminal import summary

    if lint or (id is not None and id.startswith("schema.") and suite is None):
        found = schema_rules()
    else:
        from order_audit.audit.analysis import parsed_query

        found = load(*(suite or ["current"])).rules
        for rule in found:
            parsed_query.parse(rule)
    if id is None:
        say(summary.rule_list(found))
        return
    wanted = [rule for rule in found if rule.id == id]
    if not wanted:
        raise UsageError(
            f"no rule '{id}'{_nearest(id, [rule.id for rule in found])}; 'order-audit rules' lists them all"
        )
    from order_audit.audit.cli.fixes_text import fix_text
    from order_audit.fixes.fix import fixes

    repair = "" if wanted[0].suite == "lint" else fix_text(fixes(wanted).get(wanted[0].id))
    say(summary.rule_text(wanted[0], repair))


@app.command()
def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.json")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
) -> None:
    """Draw the report again from a results file. Needs no database.

    Example: order-audit report audit-out/results.json --out report.html
    """
    from order_audit.reports import atomic_files, html, results_file

    document = results_file.read(results).document
    with results_file.sound(results):
        page = html.report(document)
    _written(out, page, atomic_files.write)
    say(str(out))


@app.command("compare")
def compare_audits(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.json")],
    after: Annotated[Path, typer.Argument(metavar="AFTER.json")],
    out: Annotated[Path, typer.Option(help="Folder for compare.json and compare.html.")],
    different: Annotated[
        bool, typer.Option("--different", help="Compare though the audits are of different databases or suites.")
    ] = False,
) -> None:
    """Hold two audits against each other: resolved, remaining and new violations. Exits 1 when a critical one is new.

    Example: order-audit compare before/results.json after/results.json --out comparison
    """
    from order_audit.reports import compare, results_file
    from order_audit.reports.terminal import summary

    audits = results_file.read(before), results_file.read(after)
    if not different and (why := compare.differ(*audits)):
        raise UsageError(f"these audits cannot be compared: {why}; --different compares them all the same")
    document = compare.compare(*audits)
    _write_comparison(document, out)
    say(summary.comparison_text(document, out))
    raise typer.Exit(1 if compare.has_new_critical(document) else 0)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("order-audit-demo"),
    quiet: Quiet = False,
) -> None:
    """Show the whole story on a private server: clean data, labelled bad data, both audits, the comparison.

    Example: order-audit demo --out demo
    """
    from order_audit.audit.cli import demo as story

    say(story.demo(out, quiet=quiet))


@scenario_app.command("load")
def load_scenario(
    dsn: Dsn = None,
    issues: Annotated[bool, typer.Option("--issues", help="Add the labelled bad data.")] = False,
    schema: Annotated[
        str,
        typer.Option(help="Schema to create the tables in. Default: what the search path gives.", show_default=False),
    ] = "",
) -> None:
    """Create the scenario's current schema with its sample data, in an empty database.

    Example: order-audit scenario load --dsn embedded --issues
    """
    import psycopg

    from order_audit import scenario
    from order_audit.audit.database import dsn as dsns

    place = dsns.resolve(dsn)
    with dsns.connect(place, autocommit=True) as connection:
        try:
            scenario.load(connection, issues=issues, schema=schema)
        except scenario.NotEmptyError as there:
            raise UsageError(
                f"{there} is there already in {dsns.masked(place)}: use an empty database or another --schema"
            ) from None
        except psycopg.Error as error:
            raise RunError(
                f"cannot create the scenario in {dsns.masked(place)}: {error.diag.message_primary or error}"
            ) from None
    say("customers and orders are there, with the sample data" + (" and the labelled issues" if issues else ""))


@scenario_app.command("generate")
def generate_scenario(
    orders: Annotated[int, typer.Option(metavar="N", help="Rows of orders.")],
    customers: Annotated[int, typer.Option(metavar="M", help="Rows of customers.")],
    seed: Annotated[int, typer.Option(metavar="S", help="The same arguments give the same data.")] = 0,
    defects: Annotated[
        float,
        typer.Option(
            metavar="RATE",
            help="Share of the rows that each kind of defect hits, from 0 to 1, at least one row; 1 leaves none sound. "
            "Above 0, the constraints that a defect breaks are not there: chk_status and the foreign key.",
        ),
    ] = 0.0,
    truth: Annotated[
        Path | None,
        typer.Option(help="File for every violation, as violations.csv will have it.", show_default=False),
    ] = None,
    dsn: Dsn = None,
    schema: Annotated[
        str,
        typer.Option(help="Schema to create the tables in. Default: what the search path gives.", show_default=False),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Create the current schema with any amount of made-up data, and with defects of which the truth is known.

    Example: order-audit scenario generate --orders 100000 --customers 10000 --defects 0.001 --truth truth.csv
    """
    import psycopg

    from order_audit import scenario
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.audit.database import dsn as dsns

    if truth is not None and (not truth.name or truth.is_dir()):
        raise UsageError(f"--truth: {truth} is a folder: name a file")
    place = dsns.resolve(dsn)
    with dsns.connect(place, autocommit=True) as connection, progress_bar("generating", quiet=quiet) as on_progress:
        try:
            made = scenario.generate(
                connection,
                orders=orders,
                customers=customers,
                seed=seed,
                defects=defects,
                truth=truth,
                schema=schema,
                on_progress=on_progress,
            )
        except (ValueError, scenario.NotUnicodeError) as wrong:
            raise UsageError(f"{wrong}") from None
        except scenario.NotEmptyError as there:
            raise UsageError(
                f"{there} is there already in {dsns.masked(place)}: use an empty database or another --schema"
            ) from None
        except OSError as error:
            raise UsageError(f"cannot write {truth}: {error.strerror}") from None
        except psycopg.Error as error:
            raise RunError(
                f"cannot generate data in {dsns.masked(place)}: {error.diag.message_primary or error}"
            ) from None
    say(f"{made.orders:,} orders and {made.customers:,} customers are there, with {made.violations:,} violations")
    if made.left_out:
        say(f"too few rows for {len(made.left_out)} kinds of defects: {', '.join(made.left_out)}")


def _formats(text: str) -> tuple[str, ...]:
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in wanted if word not in FORMATS]:
        raise UsageError(f"--format: no format '{unknown[0]}' (known: {', '.join(FORMATS)})")
    if not wanted:
        raise UsageError(f"--format names no format (known: {', '.join(FORMATS)})")
    return tuple(wanted)


def _percentage(text: str | None) -> Any:
    from fractions import Fraction

    if text is None:
        return None
    try:
        value = Fraction(text.strip().removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--min-pass-rate: '{text}' is no number") from None
    if not 0 <= value <= 100:
        raise UsageError(f"--min-pass-rate: {text} is not between 0 and 100")
    return value


def _exit_code(document: Document) -> int:
    if not document.run.complete:
        return 130
    return 0 if document.summary.gate.passed else 1


def _nearest(word: str, words: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, words, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _written(path: Path, text: str, write: Any) -> None:
    if not path.name or path.is_dir():
        raise UsageError(f"{path} is a folder: name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _write_comparison(document: Comparison, out: Path) -> None:
    from order_audit.reports import atomic_files, html
    from order_audit.reports.document import encode

    try:
        with atomic_files.draft(out) as folder:
            atomic_files.write_json(folder / "compare.json", encode(document))
            (folder / "compare.html").write_text(html.comparison(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from None


def main() -> None:
    """Run the command line: one line on stderr for whatever goes wrong, and the exit code that says of what kind."""
    words = sys.argv[1:]
    debug = "--debug" in words
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without our marks shows question marks
    try:
        code = app(args=[word for word in words if word != "--debug"], prog_name="order-audit", standalone_mode=False)
    except KeyboardInterrupt:
        code = _fail("interrupted", 130, debug)
    except Exception as error:  # whatever it is, it gets one line
        if type(error).__name__ == "NoArgsIsHelpError":  # no command given: the message is the help
            print(getattr(error, "message", ""), file=sys.stderr)
            sys.exit(2)
        code = _fail(*_said(error), debug)
    sys.exit(code if isinstance(code, int) else 0)


def _said(error: Exception) -> tuple[str, int]:
    if isinstance(error, OrderAuditError):
        return str(error), error.exit_code
    if hasattr(error, "format_message"):  # typer's own: a wrong option or argument
        context = getattr(error, "ctx", None)
        return (
            f"{error.format_message().rstrip('.')}; see '{context.command_path if context else 'order-audit'} --help'",
            2,
        )
    if type(error).__name__ == "Abort":
        return "interrupted", 130
    import psycopg

    from order_audit.audit import mask

    said = mask.error(error) if isinstance(error, psycopg.Error) else f"{type(error).__name__}: {error}"
    return f"{said} (--debug shows where)", 3


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("order-audit: " + " ".join(message.split()), file=sys.stderr)
    return code
