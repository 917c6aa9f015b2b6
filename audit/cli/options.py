"""Options that several commands share, and their output function."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.configured import current
from order_audit.errors import UsageError

Dsn = Annotated[
    str | None,
    typer.Option(
        help="libpq URL or keyword string, or 'embedded'. Default: DATABASE_URL, then PG* variables.",
        show_default=False,
    ),
]
Suites = Annotated[
    list[str] | None,
    typer.Option(
        "--suite",
        help="A shipped suite's name, a folder or file of rules, or 'none'; repeatable. Default: current.",
        show_default=False,
    ),
]
Schema = Annotated[
    str,
    typer.Option(
        metavar="NAME[,NAME]",
        help="Schema that holds the tables, or several, in the order of the search path. Default: the search path.",
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Only rules with this tag, or these ('fin*'); repeatable.", show_default=False),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show all details.")]
Fixes = Annotated[
    Path | None,
    typer.Option("--fixes", metavar="DIR", help="Folder of fix files for your own suites.", show_default=False),
]
Guards = Annotated[
    Path | None,
    typer.Option("--guards", metavar="DIR", help="Folder of guard files for your own suites.", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Decisions = Annotated[
    Path | None, typer.Option(help="Decisions file, as written by 'fixes plan --out'.", show_default=False)
]

Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Value of a rule's variable; repeatable.", show_default=False),
]


def variables(given: list[str] | None) -> dict[str, str]:
    """Return values by name. Raises UsageError for a text that is not `NAME=VALUE`, or a name given twice."""
    values: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--var {text}: not NAME=VALUE")
        if name in values:
            raise UsageError(f"--var {name} is given twice")
        values[name] = value
    return values


def with_variables(command: str, given: list[str] | None) -> str:
    """Return a command with the same values of variables; … for a secret."""
    from order_audit.expectations.variables import is_secret

    for name, value in variables(given).items():
        shown = "…" if is_secret(name, value) else value
        command += f" --var {shlex.quote(f'{name}={shown}')}"
    return command


def say(text: str) -> None:
    """Print to stdout; `streams` says at the end if that was not possible."""
    print(text, flush=True)


def say_notes(notes: Iterable[str]) -> None:
    """Print on stderr what a command did otherwise than asked; a result has it as well."""
    from order_audit.reports.control_characters import escape

    for note in notes:
        if note:
            print(f"note: {escape(note)}", file=sys.stderr)


def following(command: str, dsn: str | None, first: str = "") -> str:
    """Return the line that names the next command, with the DSN of this one; a DSN with a password is not repeated."""
    from psycopg import conninfo

    from order_audit.audit.database import dsn as dsns

    if dsn is None:
        given = ""
    elif dsn != "embedded" and any(map(dsns.is_secret, conninfo.conninfo_to_dict(dsn))):
        given = " (with your --dsn)"
    else:
        given = f" --dsn {shlex.quote(dsn)}"
    configuration = current()
    if configuration and configuration.chosen_by == "--env" and "--env" not in shlex.split(command):
        given += f" --env {shlex.quote(configuration.environment)}"
    return f"next: {first}{command}{given}"
