"""Suppressions in words: what each accepts, and which are unused, exceeded or expired."""

from __future__ import annotations

from order_audit.reports.document import Document, Result, Suppression
from order_audit.reports.formatting import plural


def lines(document: Document) -> list[str]:
    """Return a line for each suppression of the configuration that needs attention."""
    return [f"? {text}" for it in document.suppressions if (text := attention(it))]


def attention(it: Suppression) -> str:
    """Return what is wrong with a suppression; empty if nothing is."""
    named = f"{it.rule} {it.what}: {it.words}{it.at}"
    match it.status:
        case "expired":
            return f"expired suppression  {named}"
        case "exceeded":
            return f"exceeded suppression (none of the violations is suppressed)  {named}"
        case "unused" if not it.object:  # those of the schema are among its own lines
            return f"unused suppression  {named}"
    if it.unused_keys:
        return f"unused keys of a suppression  {it.rule} {', '.join(it.unused_keys)}: {it.words}{it.at}"
    return ""


def of_rule(result: Result, document: Document) -> list[str]:
    """Return what the suppressions of a rule accept, a sentence each."""
    return [
        f"{plural(it.suppressed, 'violation')}: {it.words}"
        for it in document.suppressions
        if it.rule == result.rule and it.suppressed
    ]
