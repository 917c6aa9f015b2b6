"""Distinct violating rows by table, and the overlap between rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from order_audit.audit.results.consequences import Consequences
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.expectations import Rule
from order_audit.reports.document import Consequence, KeyOrder, Overlap, RowsAffected


@dataclass(frozen=True)
class Overlaps:
    """By table (and by key, if its rules have different ones), the number of distinct violating keys; and by
    failed rule, what its violations follow from, and which others have keys of its own, those with the most first.
    """

    rows_affected: tuple[RowsAffected, ...]
    follows_from: Mapping[str, tuple[Consequence, ...]]
    by_rule: Mapping[str, tuple[Overlap, ...]]


def overlaps(
    rules: Sequence[Rule], outcomes: Mapping[str, Outcome], store: ViolationStore, of_others: Consequences
) -> Overlaps:
    """Count the keys of failed rules, each once; `of_others` has what follows from violations of other rows."""
    causes_of = {rule.id: {it.rule for it in rule.follows_from if not it.by} for rule in rules}
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
        own = [of_others.own.get(rule, rule) for rule in failed]
        causes = together.keys if own == failed else store.overlap(own, order).keys
        affected.append(RowsAffected(table, key, together.keys, causes))
        for (one, other), rows in sorted(together.overlaps.items(), key=lambda it: (-it[1], it[0])):
            by_rule[one].append(Overlap(other, rows))
            by_rule[other].append(Overlap(one, rows))
    follows_from = {
        rule: (
            *(Consequence(it.rule, it.rows) for it in others if it.rule in causes_of[rule]),
            *of_others.by_rule.get(rule, ()),
        )
        for rule, others in by_rule.items()
    }
    return Overlaps(tuple(affected), follows_from, {rule: tuple(others) for rule, others in by_rule.items()})
