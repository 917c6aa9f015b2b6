"""Options of the audit commands, with their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

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
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Profile all rows of tables with more than 100,000, in place of about 10,000."),
]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", help="Timeout of each statement, in seconds.", show_default=False),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The folder of an earlier audit with its state: judge only what can have changed. Implies --state.",
        show_default=False,
    ),
]
State = Annotated[bool, typer.Option("--state", help="Keep in state/ what a later --since needs.")]
Full = Annotated[bool, typer.Option("--full", help="With --since: judge all rows all the same.")]
VerifySince = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="With --since: also test the verdicts on P percent of the other keys.", show_default=False
    ),
]
Exclude = Annotated[list[str] | None, typer.Option(help="Exclude this rule; repeatable.", show_default=False)]


def check_options(
    sample: float | None,
    statement_timeout: float | None,
    verify_since: float | None = None,
    *,
    exact: bool = False,
) -> None:
    """Raise UsageError for a number outside of its limits, or for two options that exclude each other."""
    if verify_since is not None and not 0 < verify_since <= 100:
        raise UsageError(f"--verify-since: {verify_since} is not above 0 and up to 100")
    if exact and sample is not None:
        raise UsageError("--exact reads all rows and --sample does not: drop one of the two")
    if sample is not None and not 0 < sample <= 100:
        raise UsageError(f"--sample: {sample} is not above 0 and up to 100")
    if statement_timeout is not None and not 0.001 <= statement_timeout <= _LONGEST:
        raise UsageError(f"--statement-timeout: {statement_timeout} is not between 0.001 and {_LONGEST} seconds")


def percentage(text: str | None) -> Any:
    """Return the fraction of --min-pass-rate, in percent. Raises UsageError."""
    from fractions import Fraction

    if text is None:
        return None
    try:
        value = Fraction(text.strip().removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--min-pass-rate: '{text}' is not a number") from None
    if not 0 <= value <= 100:
        raise UsageError(f"--min-pass-rate: {text} is not between 0 and 100")
    return value
