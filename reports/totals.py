"""How many violations an audit found, in how many rows, and how many of these are causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from order_audit.reports.document import Document
from order_audit.reports.formatting import plural

#: The definition of a cause.
CAUSE: Final = "A cause is a row with a violation that follows from no other row"


@dataclass(frozen=True)
class Totals:
    """The numbers of a result. `rows` is None where rows are known by several keys.

    `causes` is None there, in older results, and where each of the rows is a cause.
    """

    violations: int
    rows: int | None
    causes: int | None

    def __str__(self) -> str:
        text = plural(self.violations, "violation")
        text += f" on {plural(self.rows, 'row')}" if self.rows is not None else ""
        return text + (f", {plural(self.causes, 'cause')}" if self.causes is not None else "")


def totals(document: Document) -> Totals:
    """Return the totals of a result."""
    failed = [it for it in document.results if it.status == "failed"]
    violations, affected = sum(it.violations for it in failed), document.summary.rows_affected
    tables = [it.table for it in affected]
    if len(set(tables)) < len(tables) or {it.table for it in failed} - {*tables}:
        return Totals(violations, None, None)
    rows, causes = sum(it.rows for it in affected), [it.causes for it in affected if it.causes is not None]
    return Totals(violations, rows, sum(causes) if rows != sum(causes) and len(causes) == len(affected) else None)


def sentence(document: Document) -> str:
    """Return the totals with the definition of a cause, without a full stop; empty without a violation."""
    numbers = totals(document)
    if not numbers.violations:
        return ""
    suppressed = sum(it.suppressed for it in document.results)
    text = f"{numbers}; {suppressed:,} suppressed" if suppressed else str(numbers)
    return f"{text}. {CAUSE}" if numbers.causes is not None else text
