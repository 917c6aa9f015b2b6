"""Distinct violating rows by table, and the overlap between rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.expectations import Rule
from order_audit.reports.document import KeyOrder, Overlap, RowsAffected


@dataclass(frozen=True)
class Overlaps:
    """By table (and by key, if its rules have different ones), the number of distinct violating keys; and by
    failed rule, which others have keys of its own, those with the most first.
    """

    rows_affected: tuple[RowsAffected, ...]
    by_rule: Mapping[str, tuple[Overlap, ...]]


def overlaps(rules: Iterable[Rule], outcomes: Mapping[str, Outcome], store: ViolationStore) -> Overlaps:
    """Count the keys of failed rules, each once."""
    groups: defaultdict[tuple[str, str, KeyOrder], list[str]] = defaultdict(list)
    by_rule: dict[str, list[Overlap]] = {}
    for rule in rules:
        outcome = outcomes[rule.id]
        if outcome.status == "failed":
            by_rule[rule.id] = []
            if outcome.table:
                groups[outcome.table, ", ".join(rule.key), outcome.ordered_by].append(rule.id)
    affected = []
    for (table, key, order), failed in sorted(groups.items()):
        together = store.overlap(failed, order)
        affected.append(RowsAffected(table, key, together.keys))
        for (one, other), rows in sorted(together.overlaps.items(), key=lambda it: (-it[1], it[0])):
            by_rule[one].append(Overlap(other, rows))
            by_rule[other].append(Overlap(one, rows))
    return Overlaps(tuple(affected), {rule: tuple(others) for rule, others in by_rule.items()})
