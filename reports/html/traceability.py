"""Business requirements with their verdicts, and open questions with the rules that depend on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from order_audit.reports.document import Document, Question, Result
from order_audit.reports.document.comparison import CHANGES, Changes, Comparison, RuleChange

Verdict: TypeAlias = Literal["not met", "not checkable", "not checked", "met"]
#: The predicate of the rules that were not judged, by status, for one and for several.
_UNJUDGED: Final = {
    "errored": ("ended in an error", "ended in an error"),
    "not_checkable": ("is not checkable", "are not checkable"),
    "skipped": ("was skipped", "were skipped"),
    "not_selected": ("was not selected", "were not selected"),
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
    """A requirement with the results of its rules, in the order given."""

    says: str
    source: str
    results: list[Result]

    @property
    def failed(self) -> list[Result]:
        """Its findings."""
        return [it for it in self.results if it.status == "failed"]

    @property
    def verdict(self) -> Verdict:
        """Whether it is met: a failed rule contradicts it, and only if all of its rules passed it is met."""
        if self.failed:
            return "not met"
        if self.results and all(it.status == "passed" for it in self.results):
            return "met"
        return "not checkable" if any(it.status == "not_checkable" for it in self.results) else "not checked"

    @property
    def is_suspicion(self) -> bool:
        """Whether each of its findings has limits of its evidence, so that none proves that it is not met."""
        return bool(self.failed) and all(it.limitations for it in self.failed)

    @property
    def unjudged(self) -> list[str]:
        """Its rules that were not judged, as numbers with their predicates."""
        counts = ((sum(it.status == status for it in self.results), words) for status, words in _UNJUDGED.items())
        return [f"{count:,} {one if count == 1 else many}" for count, (one, many) in counts if count]


@dataclass(frozen=True)
class Asked:
    """A question with the results of the rules that depend on it."""

    question: Question
    results: list[Result]


def traced(document: Document, results: Sequence[Result]) -> list[Traced]:
    """Return the requirements of the audit's suites in their order, each with its results in the order of `results`."""
    return [
        Traced(it.says, it.source, [result for result in results if result.rule in it.rules])
        for it in document.requirements
    ]


def untraced(document: Document, results: Sequence[Result]) -> Traced:
    """Return the results of rules without a requirement, as if they had one."""
    named = {rule for it in document.requirements for rule in it.rules}
    return Traced("", "", [result for result in results if result.rule not in named])


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
