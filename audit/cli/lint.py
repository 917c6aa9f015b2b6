"""The command that checks the schema: `order-audit lint`."""

from __future__ import annotations

from typing import Annotated

import typer

from order_audit.audit.cli.audit_options import Allow, Exclude, Severity, Timeout, check_options
from order_audit.audit.cli.options import Dsn, following, say
from order_audit.errors import UsageError


def lint(
    dsn: Dsn = None,
    schema: Annotated[
        str,
        typer.Option(
            help="Schema whose objects are shown without a prefix. Default: the search path.", show_default=False
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
        typer.Option(help="Exit with 1 on findings of this severity or worse, and on errored rules; or never."),
    ] = "never",
    statement_timeout: Timeout = None,
    examples: Annotated[
        int, typer.Option(min=1, help="Findings per rule and lines per suggestion to show; JSON has all.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check the schema: keys, references, types, constraints, indexes, names.

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
    from order_audit.reports.action_plan import command
    from order_audit.reports.schema_findings import failing

    check_options(None, statement_timeout)
    rules = schema_rules()
    wanted = matching(rules, rule) if rule else {it.id for it in rules}
    wanted -= matching(rules, exclude or ())
    if not wanted:
        raise UsageError("--rule and --exclude leave no rule")
    suppressions = allowed.read(allow, (it.id for it in rules)) if allow else []
    with (
        progress_bars(quiet=False) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        chosen = [it for it in rules if it.id in wanted]
        verdicts = judge(snapshot.connection, chosen, start_progress("checking the schema"))
    verdicts, unused = allowed.accept(verdicts, suppressions, (it.id for it in rules))
    if as_json:
        say(json.dumps(document(verdicts), indent=2, ensure_ascii=False))
    else:
        say(lint_text(verdicts, unused, examples))
        if any(not finding.accepted for finding in findings(verdicts)):
            first = "correct the schema, or list intended findings for --allow; then "
            say(following(command("lint", "--fail-on", "warning", schema=schema), dsn, first))
    has_errors = fail_on != "never" and any(verdict.status == "errored" for verdict in verdicts)
    raise typer.Exit(1 if has_errors or failing(findings(verdicts), fail_on) else 0)
