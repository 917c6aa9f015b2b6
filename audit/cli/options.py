"""Options that several commands take, and how all of them speak."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

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
        help="A shipped suite's name, or a folder or file of rules; repeatable. Default: current.",
        show_default=False,
    ),
]
Schema = Annotated[
    str, typer.Option(help="Schema that holds the tables. Default: what the search path gives.", show_default=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]
Decisions = Annotated[
    Path | None, typer.Option(help="What was decided, as 'fixes plan --out' wrote it.", show_default=False)
]


def say(text: str) -> None:
    """Print to stdout; whoever stopped reading (`| head`) is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
