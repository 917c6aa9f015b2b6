"""The commands that exchange checks with other tools: `order-audit import` and `order-audit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.options import Schema, Suites, say


def import_file(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of one tool.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the rule files.", show_default=False)],
    from_: Annotated[
        str,
        typer.Option("--from", metavar="FORMAT", help="dbt, gx, soda, odcs. Default: recognised.", show_default=False),
    ] = "",
    table: Annotated[str, typer.Option(help="Table of a file that names none.", show_default=False)] = "",
    dsn: Annotated[
        str | None,
        typer.Option(help="Database to look up primary keys in. Default: DATABASE_URL, else none.", show_default=False),
    ] = None,
    schema: Schema = "",
) -> None:
    """Import the checks of another tool as rule files.

    With --dsn, primary keys that the files do not name are looked up in the database.

    Example: order-audit import models/schema.yml --out rules --dsn postgresql://reader@db/shop
    """
    from order_audit.audit.interop.imports import LIST, import_checks
    from order_audit.reports.formatting import plural

    made = import_checks(files, out, form=from_, table=table, dsn=dsn, schema=schema)
    lines = [f"not imported: {it.origin}: {it.reason}" for it in made.left_out]
    lines.append(f"{plural(len(made.files), 'rule')} from {made.form} in {out}")
    if made.left_out:
        lines.append(f"{plural(len(made.left_out), 'check')} not imported, listed in {out / LIST}")
    if made.files:
        lines.append(f"next: order-audit run --suite {out}")
    say("\n".join(lines))


def export_rules(
    to: Annotated[str, typer.Option(metavar="FORMAT", help="odcs or dbt.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The contract's file (odcs), or a folder (dbt).", show_default=False)],
    suite: Suites = None,
) -> None:
    """Export the rules for another tool: a data contract, or singular tests of dbt.

    Example: order-audit export --suite rules --to dbt --out tests
    """
    from order_audit.audit.interop.export import export
    from order_audit.reports.formatting import plural

    made = export(suite or ("current",), to, out)
    lines = [f"not exported: {it.origin}: {it.reason}" for it in made.left_out]
    say("\n".join([*lines, f"{plural(len(made.written), 'rule')} for {to} in {out}"]))
