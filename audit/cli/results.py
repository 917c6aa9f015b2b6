"""The commands that read results: `order-audit report` and `order-audit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from order_audit.audit.cli.options import say
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.reports.document.comparison import Comparison


def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS.json")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
) -> None:
    """Render the report from a results file. Needs no database.

    Example: order-audit report audit-out/results.json --out report.html
    """
    from order_audit.reports import atomic_files, html, results_file

    document = results_file.read(results).document
    with results_file.sound(results):
        page = html.report(document)
    written(out, page, atomic_files.write)
    say(str(out))


def compare_audits(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.json")],
    after: Annotated[Path, typer.Argument(metavar="AFTER.json")],
    out: Annotated[Path, typer.Option(help="Folder for compare.json and compare.html.")],
    different: Annotated[
        bool, typer.Option("--different", help="Compare audits of different databases or suites.")
    ] = False,
) -> None:
    """Compare two audits: resolved, remaining and new violations. Exits with 1 if a critical violation is new.

    Example: order-audit compare before/results.json after/results.json --out comparison
    """
    from order_audit.reports import compare, results_file
    from order_audit.reports.terminal import summary

    audits = results_file.read(before), results_file.read(after)
    if not different and (why := compare.differ(*audits)):
        raise UsageError(f"these audits cannot be compared: {why}; --different compares them anyway")
    document = compare.compare(*audits)
    _write_comparison(document, out)
    say(summary.comparison_text(document, out))
    raise typer.Exit(1 if compare.has_new_critical(document) else 0)


def written(path: Path, text: str, write: Any) -> None:
    """Write a file into a folder that may be missing. Raises UsageError."""
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
