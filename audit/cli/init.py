"""The command that proposes a first suite: `order-audit init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.audit_options import Timeout
from order_audit.audit.cli.options import Dsn, Quiet, Schema, following, say, say_notes
from order_audit.audit.results.option_checks import check_options
from order_audit.errors import RunError, UsageError
from order_audit.standby import retried, second_snapshot


@retried
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder to write.")] = Path("order-audit-suite"),
    dsn: Dsn = None,
    schema: Schema = "",
    table: Annotated[
        list[str] | None,
        typer.Option(help="Only this table or view; repeatable. Default: all tables, no views.", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write into a folder that is not empty; replaces files of equal names.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="List what is not proposed, with the reasons.")] = False,
    statement_timeout: Timeout = None,
    quiet: Quiet = False,
) -> None:
    """Propose a first suite of rules from the database's catalog and data, and write it to a folder.

    Example: order-audit init checks --dsn postgresql://reader@db/shop
    """
    import shlex

    from order_audit import search_path
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.init import folder as suite
    from order_audit.audit.init.propose import propose
    from order_audit.audit.init.summary import explanation, summary_text

    check_options(None, statement_timeout)
    suite.check(folder, overwrite=overwrite)
    with (
        progress_bars(quiet=quiet) as start_progress,
        Snapshot(dsns.resolve(dsn), schema, statement_timeout) as snapshot,
    ):
        on_progress = start_progress("looking at tables")
        proposal = propose(snapshot.connection, search_path.names(schema), table or (), on_progress)
    if missing := [name for name in table or () if not proposal.has(name)]:
        raise UsageError(f"--table: table '{missing[0]}' does not exist")
    if not proposal.seen:
        where = f"schema {schema}" if schema else "the database"
        raise RunError(f"{where} has no table: load the data, or name another place; views need --table")
    if not quiet:
        say_notes([second_snapshot()])
    if explain:
        say(explanation(proposal))
    if not proposal.files:
        raise RunError(f"no rule to propose: {'see the reasons above' if explain else '--explain shows why'}")
    suite.write(folder, proposal.files, schema)
    say(summary_text(proposal))
    say(f"written to {folder}: read {folder / 'README.md'}")
    first = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    say(following("order-audit run", dsn, first))
