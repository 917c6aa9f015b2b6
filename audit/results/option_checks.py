"""Checks of an audit's options that need no database."""

from __future__ import annotations

from fractions import Fraction

from order_audit.errors import UsageError

#: The longest statement_timeout that PostgreSQL accepts, in seconds.
_LONGEST = 2_147_483


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


def percentage(text: str | None) -> Fraction | None:
    """Return the fraction of --min-pass-rate, in percent. Raises UsageError."""
    if text is None:
        return None
    try:
        value = Fraction(text.strip().removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--min-pass-rate: '{text}' is not a number") from None
    if not 0 <= value <= 100:
        raise UsageError(f"--min-pass-rate: {text} is not between 0 and 100")
    return value
