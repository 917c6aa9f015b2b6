"""Limits in words: tolerated violations."""

from __future__ import annotations

from order_audit.reports.document import Document, Result
from order_audit.reports.formatting import plural


def tolerated(document: Document) -> list[Result]:
    """Return the rules that have passed with violations."""
    return [it for it in document.results if it.is_tolerated]


def tolerance(result: Result) -> str:
    """Return the violations of a rule that has passed with some, and how many of them its header tolerates."""
    of = f" of {plural(result.checked, 'row')}" if result.checked is not None else ""
    return f"{plural(result.violations, 'violation')}{of}, tolerated: at most {result.tolerate[-1].above}"


def levels(result: Result) -> str:
    """Return from how many violations on a rule fails, by severity; empty if any violation fails it."""
    return ", ".join(f"{it.severity} above {it.above}" for it in result.tolerate)
