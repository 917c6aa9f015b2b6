"""The schema findings of a result, grouped by rule and severity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from order_audit.expectations import SEVERITIES, Severity
from order_audit.reports.document import Document, FailOn, SchemaFinding

#: The number of objects that a rule's line names.
_NAMED: Final = 4


@dataclass(frozen=True)
class Group:
    """The findings of one rule and one severity, accepted ones last."""

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
        Group(severity, rule, group[0].title, sorted(group, key=lambda it: (bool(it.accepted), it.object)))
        for (severity, rule), group in order
    ]


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


def failing(findings: Iterable[SchemaFinding], fail_on: FailOn) -> list[SchemaFinding]:
    """Return the findings of severity `fail_on` or worse that are not accepted."""
    return [finding for finding in findings if finding.severity in down_to(fail_on) and not finding.accepted]


def down_to(fail_on: FailOn) -> tuple[Severity, ...]:
    """Return this severity and the worse ones."""
    return () if fail_on == "never" else SEVERITIES[: SEVERITIES.index(fail_on) + 1]
