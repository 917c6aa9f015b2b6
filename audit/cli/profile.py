"""The command that describes the data: `order-audit profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from order_audit.audit.cli.audit_options import Sample, Timeout, check_options
from order_audit.audit.cli.options import Dsn, Schema, say
from order_audit.errors import RunError, UsageError


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

    from order_audit.audit.analysis.relation_name import RelationName
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import catalog
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.profiling.profile import profile as describe
    from order_audit.reports.terminal.profile import profile_text

    check_options(sample, statement_timeout)
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
