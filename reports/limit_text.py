"""Limits in words: tolerated violations."""

from __future__ import annotations

from typing import Final

from order_audit.reports.document import Document, JsonObject, Result
from order_audit.reports.formatting import plural

#: Keys that a line shows.
_KEYS: Final = 5


def tolerated(document: Document) -> list[Result]:
    """Return the rules that have passed with violations."""
    return [it for it in document.results if it.is_tolerated]


def tolerance(result: Result) -> str:
    """Return the violations of a rule that has passed with some, and how many of them its header tolerates."""
    of = f" of {plural(result.checked, 'row')}" if result.checked is not None else ""
    keys = [it for row in result.examples[:_KEYS] if (it := key(result, row))]
    more = ", …" * (result.violations > len(keys))
    named = f"; {result.key}: {', '.join(keys)}{more}" if keys else ""
    return f"{plural(result.violations, 'violation')}{of}, tolerated: at most {result.tolerate[-1].above}{named}"


def key(result: Result, row: JsonObject) -> str:
    """Return the key of an example, masked as the example is."""
    names = result.key.split(", ")
    values = [row.get(name) for name in names]
    shown = ["NULL" if value is None else str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def all_tolerated(document: Document) -> str:
    """Return how many violations are tolerated; empty if none."""
    rules = tolerated(document)
    count = sum(it.violations for it in rules)
    return f"{plural(count, 'violation')} of {plural(len(rules), 'expectation')} tolerated" if rules else ""


def accepted(document: Document) -> str:
    """Return how the violations are accepted if all of them are; empty if some are not, or there are none."""
    failed = [it for it in document.results if it.status == "failed"]
    ways = ["tolerated"] * bool(tolerated(document)) + ["suppressed"] * bool(failed)
    return f"all violations are {' or '.join(ways)}" if ways and not any(it.open for it in failed) else ""


def levels(result: Result) -> str:
    """Return from how many violations on a rule fails, by severity; empty if any violation fails it."""
    return ", ".join(f"{it.severity} above {it.above}" for it in result.tolerate)
