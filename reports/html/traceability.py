"""From what the business says to the rules that check it, and what has become of these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import Document, Question, Result
from order_audit.reports.document.comparison import CHANGES, Changes, Comparison, RuleChange

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
    counts: Changes
    unknown: int
    rules: list[RuleChange]


@dataclass(frozen=True)
class Traced:
    """A requirement with the results of its rules: what is open, in the order to look at it, and what passed."""

    says: str
    source: str
    open: list[Result]
    passed: list[Result]

    @property
    def counts(self) -> list[tuple[str, int, str]]:
        """How many of its rules came out how: the status, the number, and what it says of them."""
        counts = [(status, sum(it.status == status for it in [*self.open, *self.passed])) for status in _ORDER]
        return [(status, count, _COUNTED[status][count > 1]) for status, count in counts if count]


@dataclass(frozen=True)
class Asked:
    """A question with the results of the rules that it is about."""

    question: Question
    results: list[Result]


def traced(document: Document) -> list[Traced]:
    """The requirements of the audit's suites, in their order."""
    results = {found.rule: found for found in document.results}
    return [
        _traced(it.says, it.source, [results[rule] for rule in it.rules if rule in results])
        for it in document.requirements
    ]


def untraced(document: Document) -> list[Result]:
    """The results of rules that are under no requirement."""
    named = {rule for it in document.requirements for rule in it.rules}
    return [found for found in document.results if found.rule not in named]


def questions(document: Document) -> list[Asked]:
    """What nobody has said, with the results of the rules that it is about."""
    results = {found.rule: found for found in document.results}
    return [Asked(it, [results[rule] for rule in it.rules if rule in results]) for it in document.questions]


def changes(comparison: Comparison) -> list[Change]:
    """The requirements of the later audit's suites, with what changed; a rule may count under several."""
    rules = {rule.rule: rule for rule in comparison.rules}
    found = []
    for it in comparison.requirements:
        named = [rules[rule] for rule in it.rules if rule in rules]
        known = [rule for rule in named if rule.new is not None]
        counts = Changes(**{kind: sum(rule.count(kind) for rule in known) for kind in CHANGES})
        shown = [rule for rule in named if rule.new is None or any(rule.count(kind) for kind in CHANGES)]
        found.append(Change(it.says, it.source, counts, unknown=len(named) - len(known), rules=shown))
    return found


def _traced(says: str, source: str, results: list[Result]) -> Traced:
    by_status: defaultdict[bool, list[Result]] = defaultdict(list)
    for found in sorted(results, key=lambda it: (_ORDER.index(it.status), SEVERITIES.index(it.severity))):
        by_status[found.status == "passed"].append(found)
    return Traced(says, source, by_status[False], by_status[True])
