"""Violations against a baseline, in words: new, known, resolved."""

from __future__ import annotations

from typing import Final

from order_audit.reports.changed_variables import words
from order_audit.reports.compared_digests import ADVICE
from order_audit.reports.document import BaselineChange, Document, Result
from order_audit.reports.formatting import plural

#: Rules that a line names.
_RULES: Final = 3


def change(result: Result) -> str:
    """Return a rule's violations against the baseline; empty without one, or if there are none."""
    if result.baseline is None:
        return ""
    return "; ".join(it for it in (_words(result.baseline), words(result.baseline.variables)) if it)


def total(document: Document) -> str:
    """Return all violations against the baseline; empty without one."""
    if not document.summary.gate.baseline:
        return ""
    changes = [it.baseline for it in document.results if it.baseline]
    numbers = BaselineChange(
        sum(it.new for it in changes), sum(it.known for it in changes), sum(it.resolved or 0 for it in changes)
    )
    unknown = sum(it.resolved is None for it in changes)
    hint = f" (of {plural(unknown, 'rule')}, keys cannot be compared: all violations count as new)" if unknown else ""
    counted = [it.counts_only for it in changes if it.counts_only]
    if counted:
        hint += f" (of {plural(len(counted), 'rule')}, by counts only: {counted[0]}; {ADVICE})"
    other = [it.rule for it in document.results if it.baseline and it.baseline.variables]
    if other:
        hint += f"; other values of variables in {', '.join(other[:_RULES])}{' and others' * (len(other) > _RULES)}"
    return f"against the baseline: {_words(numbers) or 'no violation then, and none now'}{hint}"


def resolved(document: Document) -> list[tuple[Result, int]]:
    """Return the rules that pass and had violations in the baseline, with their numbers."""
    passed = (it for it in document.results if it.status == "passed")
    return [(it, it.baseline.resolved) for it in passed if it.baseline and it.baseline.resolved]


def _words(it: BaselineChange) -> str:
    counts = {"new": it.new, "known": it.known, "resolved": it.resolved}
    parts = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    return ", ".join(
        parts + ["keys not comparable"] * (it.resolved is None) + ["by counts only"] * bool(it.counts_only)
    )
