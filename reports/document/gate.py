"""The gate's part of a result: verdict, reasons and options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from order_audit.expectations import Severity
from order_audit.reports.document.codec import Count, note

FailOn: TypeAlias = Literal["critical", "warning", "info", "never"]
FailureKind: TypeAlias = Literal[
    "interrupted",
    "tables_changed",
    "nothing_judged",
    "failed",
    "errored",
    "skipped",
    "engine",
    "schema_findings",
    "schema_rules_errored",
    "pass_rate",
    "suppressions_expired",
    "anomalies",
    "no_history",
]


@dataclass(frozen=True)
class FailingRule:
    """A rule that the gate fails on."""

    rule: str
    count: Annotated[
        int | None,
        note("Its violations, only the new ones against a baseline; or its schema findings.", minimum=1),
    ] = None
    missing_tables: Annotated[tuple[str, ...], note("Tables that it reads and that do not exist.")] = ()
    expired: Annotated[str, note("Of an expired suppression: what it is for, and its last day.")] = ""


@dataclass(frozen=True)
class Reason:
    """Why the gate failed."""

    kind: FailureKind
    severity: Annotated[Severity | None, note("Of the rules that failed, the schema findings or the anomalies.")] = None
    rules: tuple[FailingRule, ...] = ()
    passed: Annotated[int | None, note("Of a pass rate: expectations that count as passed.", minimum=0)] = None
    judged: Annotated[int | None, note("Of a pass rate: expectations that were judged.", minimum=0)] = None


@dataclass(frozen=True)
class Gate:
    """Whether the result is good enough for CI."""

    passed: bool
    reasons: Annotated[tuple[str, ...], note("Why it failed, a sentence each.")]
    failures: Annotated[tuple[Reason, ...], note("The same as values.")]
    fail_on: FailOn
    fail_on_schema: FailOn
    allow_skipped: Annotated[
        bool, note("Whether a rule does not fail the gate whose table is missing, or which the engine cannot judge.")
    ]
    min_pass_rate: Annotated[float | None, note("In percent.", minimum=0, maximum=100)]
    baseline: Annotated[bool, note("Whether only violations that are new against a baseline fail the gate.")]
    new_violations: Annotated[
        dict[str, Count] | None,
        note("By failed rule that has any: its violations that are new against the baseline; null without one."),
    ]
    fail_on_anomaly: FailOn = "never"
