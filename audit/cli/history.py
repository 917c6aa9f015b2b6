"""The commands that read a history of audits: `order-audit trend` and `order-audit history report`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.configured import Configured
from order_audit.audit.cli.options import say
from order_audit.audit.cli.results import written
from order_audit.errors import UsageError

if TYPE_CHECKING:
    from order_audit.reports.history.trend import Series

_File = Annotated[Path | None, typer.Option("--history", help="File of the history.", show_default=False)]
_Database = Annotated[
    str | None,
    typer.Option("--database", metavar="NAME", help="Only the runs on this database.", show_default=False),
]


history_app = Commands(help="Pages over all runs of a history.", no_args_is_help=True, of=Configured)


def trend(
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE]...", help="Only these rules, with their oldest violations.", show_default=False),
    ] = None,
    history: _File = None,
    database: _Database = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Only this key of the rule, as in violations.csv.", show_default=False),
    ] = None,
) -> None:
    """Show how violations, measured values and tables went over the runs of a history.

    Example: order-audit trend --history audits.db orders.amount_is_positive
    """
    from order_audit.reports.history import trend as model
    from order_audit.reports.terminal import trend as text

    if key is not None and len(rules or ()) != 1:
        raise UsageError("--key belongs to one rule: name it")
    with _opened(history, database) as (connection, found):
        shown = []
        for series in found:
            known = model.trends(connection, series.id)
            if key is not None and rules:
                shown.append(text.key_text(rules[0], key, model.spans(connection, series.id, rules[0], key)))
                continue
            chosen = model.matching(known, rules or ())
            schema = model.matching(model.trends(connection, series.id, "schema"), rules or ())
            if rules and not chosen and not schema:
                continue
            measured = model.measured(connection, series.id, chosen)
            volumes = {} if rules else model.volumes(connection, series.id)
            unusual = [] if rules else model.anomalies(connection, series.id)
            lines = [text.series_text(series, chosen, schema, measured, volumes, unusual)]
            if rules:
                for it in (*chosen, *schema):
                    lines += text.rule_text(it, *model.keys(connection, series.id, it.kind, it.rule))
            shown.append("\n".join(lines))
    if rules and not shown:
        raise UsageError(f"no rule of the history is called {' or '.join(rules)}; 'order-audit trend' lists them")
    say("\n\n".join(shown))


@history_app.command("report")
def history_report(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    history: _File = None,
    database: _Database = None,
) -> None:
    """Render a page over all runs of a history. Needs no database.

    Example: order-audit history report --history audits.db --out history.html
    """
    from order_audit.reports import atomic_files, html
    from order_audit.reports.history.overview import overview

    with _opened(history, database) as (connection, found):
        page = html.history([overview(connection, it) for it in found])
    written(out, page, atomic_files.write)
    say(str(out))


@contextmanager
def _opened(path: Path | None, database: str | None) -> Iterator[tuple[sqlite3.Connection, list[Series]]]:
    """Provide an open history and its databases. Raises UsageError if it has none, or cannot be read."""
    from order_audit.reports.history import file, trend

    if path is None:
        raise UsageError(
            "--history is missing: name the file of the history, here or as history in [output] of order-audit.toml"
        )
    try:
        with closing(file.readable(path)) as connection:
            found = [it for it in trend.series(connection) if it.runs and database in (None, it.database)]
            if not found:
                of = f" of database {database}" if database is not None else ""
                raise UsageError(f"--history {path} has no run{of}")
            yield connection, found
    except sqlite3.Error as error:
        raise UsageError(f"--history {path} cannot be read: {error}") from None
