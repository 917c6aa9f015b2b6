"""The commands that exchange checks with other tools: `order-audit import` and `order-audit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from order_audit.audit.cli.audit_options import Timeout
from order_audit.audit.cli.options import Dsn, Quiet, Schema, Suites, say, say_notes
from order_audit.errors import UsageError
from order_audit.standby import retried, second_snapshot


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


def export(
    to: Annotated[str, typer.Option(metavar="FORMAT", help="Export the rules: odcs or dbt.", show_default=False)] = "",
    out: Annotated[
        Path | None, typer.Option(help="With --to: the contract's file (odcs), or a folder (dbt).", show_default=False)
    ] = None,
    suite: Suites = None,
    parquet: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Export tables as Parquet files into this folder.", show_default=False),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(help="With --parquet: only this table; repeatable. Default: all tables.", show_default=False),
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TABLE.COLUMN",
            help="With --parquet: digests in place of this column's values; repeatable.",
            show_default=False,
        ),
    ] = None,
    mask_personal: Annotated[
        bool,
        typer.Option(
            "--mask-personal", help="With --parquet: the same for documents, and columns named as personal or secret."
        ),
    ] = False,
    dsn: Dsn = None,
    schema: Schema = "",
    statement_timeout: Timeout = None,
    quiet: Quiet = False,
) -> None:
    """Export the rules for another tool, or the tables of one snapshot as Parquet files.

    Example: order-audit export --suite rules --to dbt --out tests

    Example: order-audit export --dsn postgresql://reader@db/shop --parquet lake
    """
    if bool(to) == (parquet is not None):
        raise UsageError("say what to export: the rules with --to and --out, or the tables with --parquet")
    if parquet is None:
        given = {"--table": table, "--mask": mask, "--mask-personal": mask_personal, "--dsn": dsn, "--schema": schema}
        if wrong := [name for name, value in given.items() if value]:
            raise UsageError(f"{wrong[0]} belongs to --parquet")
        if out is None:
            raise UsageError("--to needs --out: the contract's file (odcs), or a folder (dbt)")
        _export_rules(suite or ["current"], to, out)
    else:
        if wrong := [name for name, value in {"--out": out, "--suite": suite}.items() if value]:
            raise UsageError(f"{wrong[0]} belongs to --to; --parquet names the folder of the tables")
        wanted = {"tables": table or (), "mask": mask or (), "mask_personal": mask_personal}
        _export_tables(parquet, wanted, dsn, schema, statement_timeout, quiet=quiet)


def _export_rules(suite: list[str], to: str, out: Path) -> None:
    from order_audit.audit.interop.export import export as write
    from order_audit.reports.formatting import plural

    made = write(tuple(suite), to, out)
    lines = [f"not exported: {it.origin}: {it.reason}" for it in made.left_out]
    say("\n".join([*lines, f"{plural(len(made.written), 'rule')} for {to} in {out}"]))


@retried
def _export_tables(
    folder: Path, wanted: dict[str, Any], dsn: str | None, schema: str, timeout: float | None, *, quiet: bool
) -> None:
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.audit.database import dsn as dsns
    from order_audit.audit.database.snapshot import Snapshot
    from order_audit.audit.results.option_checks import check_options
    from order_audit.reports.formatting import plural, size

    check_options(None, timeout)
    export_tables, wanted_of = _lake()
    with progress_bar("exporting tables", quiet=quiet) as progress, Snapshot(dsns.resolve(dsn), schema, timeout) as it:
        made = export_tables(it, folder, wanted_of(**wanted), progress)
    lines = [
        f"{one.name}: {plural(one.rows, 'row')}, {size(sum(file.bytes for file in one.files))}"
        + (f"; not readable by this role, and left out: {', '.join(one.unreadable)}" if one.unreadable else "")
        for one in made.tables
    ]
    lines += [
        f"{name}: left out: this role may not read all of its rows, or it has no columns" for name in made.left_out
    ]
    say("\n".join([*lines, f"{plural(len(made.tables), 'table')} of one snapshot in {folder}"]))
    if not quiet:
        say_notes([second_snapshot()])


def _lake() -> tuple[Any, Any]:
    """Return the export, which needs a library of an extra. Raises UsageError without it."""
    try:
        from order_audit.audit.lake.export import Wanted, export
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "pyarrow":
            raise UsageError("--parquet needs pyarrow: install order-audit[duckdb]") from None
        raise
    return export, Wanted
