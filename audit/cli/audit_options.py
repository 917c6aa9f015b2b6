"""Options of the audit commands, with their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from order_audit.errors import UsageError

#: The longest statement_timeout that PostgreSQL accepts, in seconds.
_LONGEST = 2_147_483

Severity = Literal["critical", "warning", "info", "never"]
Allow = Annotated[
    Path | None,
    typer.Option(help="Accepted schema findings: lines of 'rule object: reason'.", show_default=False),
]
Sample = Annotated[
    float | None,
    typer.Option(metavar="P", help="Percentage of each table's pages that the profile reads.", show_default=False),
]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", help="Timeout of each statement, in seconds.", show_default=False),
]
Exclude = Annotated[list[str] | None, typer.Option(help="Exclude this rule; repeatable.", show_default=False)]


def check_options(sample: float | None, statement_timeout: float | None) -> None:
    if sample is not None and not 0 < sample <= 100:
        raise UsageError(f"--sample: {sample} is not above 0 and up to 100")
    if statement_timeout is not None and not 0.001 <= statement_timeout <= _LONGEST:
        raise UsageError(f"--statement-timeout: {statement_timeout} is not between 0.001 and {_LONGEST} seconds")
