"""From what the business says to the rules that check it, and what has become of these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from order_audit.expectations import SEVERITIES

#: What became of a rule, in the order in which one wants to know.
_ORDER: Final = ("failed", "errored", "not_checkable", "skipped", "not_selected", "passed")
_COUNTED: Final = {
    "failed": ("finds violations", "find violations"),
    "errored": ("could not be judged", "could not be judged"),
    "not_checkable": ("cannot be checked today", "cannot be checked today"),
    "skipped": ("was not checked", "were not checked"),
    "not_selected": ("was not selected", "were not selected"),
    "passed": ("passed", "passed"),
}


@dataclass(frozen=True)
class Change:
    """What became of a requirement between two audits: violations of its rules, how many of these cannot be compared,
    and those `rules` that have something to show.
    """

    says: str
    source: str
    counts: dict[str, int]
    unknown: int
    rules: list[dict[str, Any]]


@dataclass(frozen=True)
class Traced:
    """A requirement with the results of its rules: what is open, in the order to look at it, and what passed."""

    says: str
    source: str
    open: list[dict[str, Any]]
    passed: list[dict[str, Any]]

    @property
    def counts(self) -> list[tuple[str, int, str]]:
        """How many of its rules came out how: the status, the number, and what it says of them."""
        counts = [(status, sum(it["status"] == status for it in [*self.open, *self.passed])) for status in _ORDER]
        return [(status, count, _COUNTED[status][count > 1]) for status, count in counts if count]


def traced(document: dict[str, Any]) -> list[Traced]:
    """The requirements of the audit's suites, in their order; none where results or suites have none."""
    results = {found["rule"]: found for found in document["results"]}
    return [
        _traced(it["says"], it["source"], [results[rule] for rule in it["rules"] if rule in results])
        for it in document.get("requirements", [])
    ]


def untraced(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of rules that are under no requirement."""
    named = {rule for it in document.get("requirements", []) for rule in it["rules"]}
    return [found for found in document["results"] if found["rule"] not in named]


def questions(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What nobody has said, with the results of the rules that it is about."""
    results = {found["rule"]: found for found in document["results"]}
    return [
        it | {"results": [results[rule] for rule in it["rules"] if rule in results]}
        for it in document.get("questions", [])
    ]


def changes(comparison: dict[str, Any]) -> list[Change]:
    """The requirements of the later audit's suites, with what changed; a rule may count under several."""
    rules = {rule["rule"]: rule for rule in comparison["rules"]}
    found = []
    for it in comparison.get("requirements", []):
        named = [rules[rule] for rule in it["rules"] if rule in rules]
        known = [rule for rule in named if rule["new"] is not None]
        counts = {kind: sum(rule[kind] for rule in known) for kind in ("resolved", "remaining", "new")}
        shown = [rule for rule in named if rule not in known or any(rule[kind] for kind in counts)]
        found.append(Change(it["says"], it["source"], counts, unknown=len(named) - len(known), rules=shown))
    return found


def _traced(says: str, source: str, results: list[dict[str, Any]]) -> Traced:
    by_status: defaultdict[bool, list[dict[str, Any]]] = defaultdict(list)
    for found in sorted(results, key=lambda it: (_ORDER.index(it["status"]), SEVERITIES.index(it["severity"]))):
        by_status[found["status"] == "passed"].append(found)
    return Traced(says, source, by_status[False], by_status[True])
