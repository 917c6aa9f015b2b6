"""Business requirements with the rules that check them and their outcomes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import Document, Question, Result
from order_audit.reports.document.comparison import CHANGES, Changes, Comparison, RuleChange

#: Outcomes of a rule, the most urgent first.
_ORDER: Final = ("failed", "errored", "not_checkable", "skipped", "not_selected", "passed")
_COUNTED: Final = {
    "failed": ("has violations", "have violations"),
    "errored": ("ended in an error", "ended in an error"),
    "not_checkable": ("is not checkable", "are not checkable"),
    "skipped": ("was not checked", "were not checked"),
    "not_selected": ("was not selected", "were not selected"),
    "passed": ("passed", "passed"),
}


@dataclass(frozen=True)
class Change:
    """The change of a requirement between two audits.

    `counts` has the violations of its rules, `unknown` the number of rules that cannot be compared, `rules` those that
    changed or cannot be compared.
    """

    says: str
    source: str
    counts: Changes
    unknown: int
    rules: list[RuleChange]


@dataclass(frozen=True)
class Traced:
    """A requirement with the results of its rules: open ones, the most urgent first, and passed ones."""

    says: str
    source: str
    open: list[Result]
    passed: list[Result]

    @property
    def counts(self) -> list[tuple[str, int, str]]:
        """The number of its rules by status: status, number, predicate of a sentence."""
        counts = [(status, sum(it.status == status for it in [*self.open, *self.passed])) for status in _ORDER]
        return [(status, count, _COUNTED[status][count > 1]) for status, count in counts if count]


@dataclass(frozen=True)
class Asked:
    """A question with the results of the rules that depend on it."""

    question: Question
    results: list[Result]


def traced(document: Document) -> list[Traced]:
    """Return the requirements of the audit's suites, in their order."""
    results = {result.rule: result for result in document.results}
    return [
        _traced(it.says, it.source, [results[rule] for rule in it.rules if rule in results])
        for it in document.requirements
    ]


def untraced(document: Document) -> list[Result]:
    """Return the results of rules without a requirement."""
    named = {rule for it in document.requirements for rule in it.rules}
    return [result for result in document.results if result.rule not in named]


def questions(document: Document) -> list[Asked]:
    """Return the open questions with the results of the rules that depend on them."""
    results = {result.rule: result for result in document.results}
    return [Asked(it, [results[rule] for rule in it.rules if rule in results]) for it in document.questions]


def changes(comparison: Comparison) -> list[Change]:
    """Return the changes by requirement of the later audit's suites; a rule may count for several."""
    rules = {rule.rule: rule for rule in comparison.rules}
    changed = []
    for it in comparison.requirements:
        named = [rules[rule] for rule in it.rules if rule in rules]
        known = [rule for rule in named if rule.new is not None]
        counts = Changes(**{kind: sum(rule.count(kind) for rule in known) for kind in CHANGES})
        shown = [rule for rule in named if rule.new is None or any(rule.count(kind) for kind in CHANGES)]
        changed.append(Change(it.says, it.source, counts, unknown=len(named) - len(known), rules=shown))
    return changed


def _traced(says: str, source: str, results: list[Result]) -> Traced:
    by_status: defaultdict[bool, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda it: (_ORDER.index(it.status), SEVERITIES.index(it.severity))):
        by_status[result.status == "passed"].append(result)
    return Traced(says, source, by_status[False], by_status[True])
