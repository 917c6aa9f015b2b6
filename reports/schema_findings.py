"""The schema findings of a result, grouped by rule and severity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import SEVERITIES, Severity
from order_audit.reports.document import Document, FailOn, Obstacle, Outcome, SchemaFinding
from order_audit.reports.formatting import plural

#: The number of objects that a rule's line names.
_NAMED: Final = 4
#: The evidence that counts references without a referenced row.
ORPHANS: Final = ("orphans", "values without a referenced row", "rows without a referenced row")
#: The verdict on a suggestion, by the kind of its outcome.
_VERDICTS: Final = {
    "runs": "would run",
    "changes": "would change values",
    "refused": "would fail",
    "blocked": "blocked",
    "not_judged": "not judged",
}
#: What each lock blocks.
_BLOCKS: Final = {
    "ACCESS EXCLUSIVE": "blocks reads and writes",
    "SHARE ROW EXCLUSIVE": "blocks writes",
    "SHARE": "blocks writes",
    "SHARE UPDATE EXCLUSIVE": "blocks neither reads nor writes",
}


@dataclass(frozen=True)
class Group:
    """The findings of one rule and one severity, those with wrong references first, accepted ones last."""

    severity: Severity
    rule: str
    title: str
    findings: list[SchemaFinding]

    @property
    def open(self) -> list[SchemaFinding]:
        """The findings that are not accepted."""
        return [finding for finding in self.findings if not finding.accepted]

    @property
    def named(self) -> str:
        """The objects of the open findings, cut to the first ones."""
        names = [finding.object for finding in self.open]
        rest = len(names) - _NAMED
        return ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def groups(document: Document) -> list[Group]:
    """Group all findings, by severity and then by number."""
    by_rule: defaultdict[tuple[Severity, str], list[SchemaFinding]] = defaultdict(list)
    for finding in document.schema_findings:
        by_rule[finding.severity, finding.rule].append(finding)
    order = sorted(by_rule.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -len(item[1]), item[0][1]))
    return [
        Group(severity, rule, group[0].title, sorted(group, key=lambda it: (*by_urgency(it), it.object)))
        for (severity, rule), group in order
    ]


def by_urgency(finding: SchemaFinding) -> tuple[bool, bool]:
    """Return a key for sorting: rows that are wrong now first, accepted findings last."""
    return bool(finding.accepted), not orphaned([finding])


def counted(document: Document) -> str:
    """Return the number of findings by severity in words; accepted ones and rules that were not judged separately."""
    findings = document.schema_findings
    accepted = sum(bool(finding.accepted) for finding in findings)
    counts = [
        f"{sum(finding.severity == severity and not finding.accepted for finding in findings):,} {severity}"
        for severity in SEVERITIES
    ]
    text = ", ".join(counts) + (f", {accepted:,} accepted" if accepted else "")
    return text + unjudged(rule.status for rule in document.schema_rules)


def unjudged(statuses: Iterable[str]) -> str:
    """Return the number of errored and not checkable rules as a continuation; empty if all rules were judged."""
    count = Counter(statuses)
    return "".join(
        f", {count[status]:,} {status.replace('_', ' ')}" for status in ("errored", "not_checkable") if count[status]
    )


def grave(document: Document) -> str:
    """Return the number of critical findings, and of the references to no row that they count; empty if none."""
    found = failing(document.schema_findings, "critical")
    if not found:
        return ""
    text = f"the schema lint has {plural(len(found), 'critical finding')}"
    orphans = orphaned(found)
    return f"{text}, with {plural(orphans, 'reference')} to a row that is missing" if orphans else text


def orphaned(found: Iterable[SchemaFinding]) -> int:
    """Return how many references of these findings' tables have no referenced row, without those of samples."""
    counts = (it.evidence.get(name) for it in found for name in ORPHANS)
    return sum(count for count in counts if isinstance(count, int))


def failing(findings: Iterable[SchemaFinding], fail_on: FailOn) -> list[SchemaFinding]:
    """Return the findings of severity `fail_on` or worse that are not accepted."""
    return [finding for finding in findings if finding.severity in down_to(fail_on) and not finding.accepted]


def down_to(fail_on: FailOn) -> tuple[Severity, ...]:
    """Return this severity and the worse ones."""
    return () if fail_on == "never" else SEVERITIES[: SEVERITIES.index(fail_on) + 1]


def outcome_lines(outcome: Outcome) -> list[str]:
    """Return the outcome of a suggestion as lines: the verdict with the lock, then what is in the way."""
    verdict = _VERDICTS[outcome.kind] + (", judged by a sample of the rows" if outcome.sampled else "")
    if outcome.lock:
        verdict += f"; lock {outcome.lock} ({_BLOCKS[outcome.lock]})"
    if outcome.rewrites:
        verdict += f"; rewrites {', '.join(outcome.rewrites)}"
    return [verdict, *map(obstacle_text, outcome.obstacles)]


def obstacle_text(obstacle: Obstacle) -> str:
    """Return what is in the way: an object, or the number of rows and the keys of the first ones."""
    if obstacle.rows is None:
        return f"{obstacle.object} {obstacle.text}".strip()
    text = f"{plural(obstacle.rows, 'row')} {obstacle.text}"
    if not obstacle.keys:
        return text
    key = obstacle.key[0] if len(obstacle.key) == 1 else f"({', '.join(obstacle.key)})"
    keys = obstacle.keys if len(obstacle.key) == 1 else tuple(f"({it})" for it in obstacle.keys)
    rest = obstacle.rows - len(keys)
    return f"{text}: {key} {', '.join(keys)}" + (f" and {rest:,} more" if rest > 0 else "")
