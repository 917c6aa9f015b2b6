"""The command that checks the schema: `order-audit lint`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.audit_options import Allow, Exclude, Severity, Timeout
from order_audit.audit.cli.configured import current
from order_audit.audit.cli.options import Dsn, Quiet, following, say, say_notes
from order_audit.audit.results.option_checks import check_options
from order_audit.errors import UsageError
from order_audit.standby import retried, second_snapshot


@retried
def lint(
    dsn: Dsn = None,
    schema: Annotated[
        str,
        typer.Option(
            metavar="NAME[,NAME]",
            help="Schema whose objects are shown without a prefix, then further ones. Default: the search path.",
            show_default=False,
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
        typer.Option(
            help="Exit with 1 on findings of this severity or worse, errored rules and changed tables; or never."
        ),
    ] = "never",
    statement_timeout: Timeout = None,
    examples: Annotated[
        int, typer.Option(min=1, help="Findings per rule and lines per suggestion to show; JSON has all.")
    ] = 20,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show secrets and personal data in definitions.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    sql: Annotated[
        Path | None,
        typer.Option(
            "--sql", help="Write the suggestions that run into this file, in order, for psql.", show_default=False
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Check the schema: keys, references, types, constraints, indexes, names.

    Nothing is changed: --sql writes statements for you to run.

    Example: order-audit lint --dsn postgresql://reader@db/shop --fail-on critical --sql suggested.sql
    """
    import json

    from order_audit import session
    from order_audit.audit.cli.lint_text import lint_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.changed_tables import all_tables, changed, states
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.schema import suppression as allowed
    from order_audit.audit.schema.lint import document, findings, shown
    from order_audit.audit.schema.lint import lint as judge
    from order_audit.audit.schema.suggested_file import suggested_file
    from order_audit.expectations import matching, schema_rules
    from order_audit.reports.action_plan import command
    from order_audit.reports.atomic_files import write
    from order_audit.reports.document import encode
    from order_audit.reports.formatting import plural
    from order_audit.reports.schema_findings import failing

    if sql is not None and not sql.parent.is_dir():
        raise UsageError(f"--sql {sql}: there is no folder {sql.parent}; create it, or name another one")
    check_options(None, statement_timeout)
    rules = schema_rules()
    wanted = matching(rules, rule) if rule else {it.id for it in rules}
    wanted -= matching(rules, exclude or ())
    if not wanted:
        raise UsageError("--rule and --exclude leave no rule")
    configuration = current()
    configured = configuration.suppressions if configuration else ()
    suppressions = allowed.read(allow, [it.id for it in rules], configured)
    expired = [it for it in configured if it.object and it not in suppressions]
    with (
        progress_bars(quiet=quiet) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        chosen = [it for it in rules if it.id in wanted]
        names = all_tables(snapshot.connection)
        as_seen = states(snapshot.connection, names)
        verdicts = judge(snapshot.connection, chosen, start_progress("checking the schema"))
        path = session.scalar(snapshot.connection, "select current_setting('search_path')")
        moved = changed(as_seen, states(snapshot.renewed(), names), names)
    verdicts, unused = allowed.accept(verdicts, suppressions, (it.id for it in rules))
    seen = shown(verdicts, unmask=unmask)
    notes = [note] if (note := second_snapshot()) else []
    if not quiet:
        say_notes(notes)
    if as_json:
        beside = {"changed_tables": encode(moved), "notes": notes}
        say(json.dumps(document(seen) | beside, indent=2, ensure_ascii=False))
    else:
        say(lint_text(seen, unused, examples, expired, moved))
    if sql is not None:
        text, written, left_out = suggested_file(findings(verdicts), path)
        try:
            write(sql, text)
        except OSError as error:
            raise UsageError(f"--sql {sql}: cannot be written: {error.strerror}") from None
        counts = f"the suggestions of {plural(written, 'finding')}; {left_out:,} left out, which need a decision"
        line = f"{sql}: {counts}"
        print(line, file=sys.stderr) if as_json else say(line)
    if not as_json and any(not finding.accepted for finding in findings(verdicts)):
        first = "correct the schema, or list intended findings for --allow; then "
        say(following(command("lint", "--fail-on", "warning", schema=schema), dsn, first))
    uncertain = expired or moved or any(verdict.status == "errored" for verdict in verdicts)
    has_errors = fail_on != "never" and uncertain
    raise typer.Exit(1 if has_errors or failing(findings(verdicts), fail_on) else 0)
