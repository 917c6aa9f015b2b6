"""The command that profiles the data: `order-audit profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from order_audit.audit.cli.audit_options import Exact, Sample, Timeout
from order_audit.audit.cli.options import Dsn, Quiet, Schema, say, say_notes
from order_audit.audit.results.option_checks import check_options
from order_audit.errors import RunError, UsageError
from order_audit.standby import retried, second_snapshot


@retried
def profile(
    dsn: Dsn = None,
    schema: Schema = "",
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table; repeatable. Default: all tables.", show_default=False)
    ] = None,
    sample: Sample = None,
    exact: Exact = False,
    statement_timeout: Timeout = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show secrets and personal data.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Profile the data: aggregates of each column, computed by the server in one pass per table.

    Example: order-audit profile --dsn postgresql://reader@db/shop --table orders --sample 5
    """
    import json
    import shutil

    from order_audit import search_path
    from order_audit.audit.analysis.relation_name import RelationName
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import catalog
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.profiling.profile import profile as describe
    from order_audit.audit.profiling.sample import LARGE
    from order_audit.audit.secret_numbers import SecretNumbers
    from order_audit.reports.terminal.profile import profile_text

    check_options(sample, statement_timeout, exact=exact)
    with (
        progress_bars(quiet=quiet) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        names = [RelationName("", name) for name in table or ()]
        names = names or catalog.tables(snapshot.connection, search_path.names(schema))
        existing = catalog.relations(snapshot.connection, names)
        if missing := [str(name) for name in names if name not in existing]:
            raise UsageError(f"--table: table '{missing[0]}' does not exist")
        wanted = [existing[name] for name in names]
        on_progress = start_progress("profiling tables")
        figures = SecretNumbers().of(
            describe(
                snapshot.connection,
                wanted,
                sample=sample,
                large=None if exact else LARGE,
                unmask=unmask,
                home=search_path.home(schema),
                on_progress=on_progress,
            )
        )
    if not figures:
        raise RunError("no table to profile; name the schema of the tables with --schema")
    if not quiet:
        say_notes([second_snapshot()])
    width = shutil.get_terminal_size((120, 24)).columns
    say(json.dumps(figures, indent=2, ensure_ascii=False) if as_json else profile_text(figures, width))
