"""The page that compares two audits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from order_audit.expectations import SEVERITIES
from order_audit.expectations.names import top_area
from order_audit.reports.compared_digests import ADVICE
from order_audit.reports.document.comparison import CHANGES, Change, ChangedKeys, Comparison, RuleChange
from order_audit.reports.html import evidence, links, traceability
from order_audit.reports.html.environment import page

#: The longest bar's width.
_BAR: Final = 200
#: The order in which kinds of keys stand on the page.
_KINDS: Final[tuple[Change, ...]] = ("new", "remaining", "resolved")


class Counted(Protocol):
    """Counts of violations by change."""

    @property
    def resolved(self) -> int | None: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def new(self) -> int | None: ...


def comparison(document: Comparison) -> str:
    """Render the page from a comparison of two results."""
    rules = _bounded(sorted(document.rules, key=lambda rule: (SEVERITIES.index(rule.severity), rule.rule)))
    unknown, changed, passed_twice, passed_now = [], [], [], []
    for rule in rules:
        if rule.new is None:
            unknown.append(rule)
        elif any(rule.count(kind) for kind in _KINDS):
            changed.append(rule)
        elif rule.before and rule.before.status == "passed":
            passed_twice.append(rule)
        else:
            passed_now.append(rule)
    considered = traceability.changes(document)
    return page(
        "comparison.html.j2",
        document=document,
        areas=sorted({top_area(rule.rule) for rule in rules}),
        anchors=links.anchors(rule.rule for rule in rules),
        changed=sorted(changed, key=_rank),
        by_kind={kind: _of_kind(rules, kind) for kind in _KINDS},
        unknown=unknown,
        passed_twice=passed_twice,
        passed_now=passed_now,
        considered=considered,
        advice=ADVICE,
        bar=_bars(changed),
        bar_of_considered=_bars([it.counts for it in considered]),
        outcomes={
            document.before.id: _outcomes(rule.before.status for rule in rules if rule.before),
            document.after.id: _outcomes(rule.after.status for rule in rules if rule.after),
        },
    )


def _bounded(rules: list[RuleChange]) -> list[RuleChange]:
    """Return the rules with their keys cut to the size limit of a page."""
    rows = [[{"key": key} for key in rule.examples.of(kind)] for rule in rules for kind in _KINDS]
    shown = iter(evidence.bounded(rows))
    return [
        replace(rule, examples=ChangedKeys(**{kind: tuple(row["key"] for row in next(shown)) for kind in _KINDS}))
        for rule in rules
    ]


def _of_kind(rules: Iterable[RuleChange], kind: Change) -> list[RuleChange]:
    changed = [rule for rule in rules if rule.count(kind)]
    return sorted(changed, key=lambda rule: (SEVERITIES.index(rule.severity), -rule.count(kind)))


def _rank(rule: RuleChange) -> tuple[bool, int, int, int, int]:
    """Return the sort key: rules with new violations first, then those with remaining, then with resolved ones."""
    new, remaining, resolved = (rule.count(kind) for kind in _KINDS)
    return not new, SEVERITIES.index(rule.severity), -new, -remaining, -resolved


def _outcomes(statuses: Iterable[str]) -> dict[str, int]:
    """Count the judged and the passed rules."""
    judged = [status for status in statuses if status in ("passed", "failed", "errored")]
    return {"judged": len(judged), "passed": judged.count("passed")}


def _bars(counted: Iterable[Counted]) -> Callable[[Counted], list[tuple[Change, float, float]]]:
    """Return a function that gives the parts of a bar: kind, x and width, on one scale for all bars."""
    longest = max((sum(it[1] for it in _parts(counts)) for counts in counted), default=0) or 1

    def bar(counts: Counted) -> list[tuple[Change, float, float]]:
        parts, place = [], 0.5
        for kind, count in _parts(counts):
            width = max(_BAR * count / longest, 3.0)
            parts.append((kind, round(place, 1), round(width - 1, 1)))
            place += width
        return parts

    return bar


def _parts(counts: Counted) -> list[tuple[Change, int]]:
    numbers: dict[Change, int | None] = {
        "resolved": counts.resolved, "remaining": counts.remaining, "new": counts.new
    }  # fmt: skip
    return [(kind, numbers[kind] or 0) for kind in CHANGES if numbers[kind]]
