"""The comparison of two audits, as compare.json holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from order_audit.expectations import Severity
from order_audit.reports.document.applied import Fixes
from order_audit.reports.document.audit import Requirement, Run
from order_audit.reports.document.codec import Count, note
from order_audit.reports.document.measured import Measured
from order_audit.reports.document.result import ChangedVariable, Status

COMPARISON_FORMAT: Final = "order-audit-comparison/1"
#: The changes of violations.
Change: TypeAlias = Literal["resolved", "remaining", "new"]
CHANGES: Final[tuple[Change, ...]] = ("resolved", "remaining", "new")


@dataclass(frozen=True, kw_only=True)
class ComparedRun(Run):
    """One of the two audits."""

    pass_rate: float | None
    gate_passed: bool
    gate_baseline: Annotated[bool, note("Whether only violations that are new against a baseline failed it.")] = False


@dataclass(frozen=True)
class Verdict:
    """The outcome of a rule in one audit."""

    status: Status
    violations: Count


@dataclass(frozen=True)
class ChangedKeys:
    """The first keys of each kind."""

    resolved: tuple[str, ...]
    remaining: tuple[str, ...]
    new: tuple[str, ...]

    def of(self, kind: Change) -> tuple[str, ...]:
        """Those of one kind."""
        keys: tuple[str, ...] = getattr(self, kind)
        return keys


@dataclass(frozen=True)
class Changes:
    """Violations by what became of them."""

    resolved: Count
    remaining: Count
    new: Count

    def of(self, kind: Change) -> int:
        """The number of one kind."""
        number: int = getattr(self, kind)
        return number


@dataclass(frozen=True)
class RuleChange:
    """What changed in a rule's violations; the counts are null where the later audit did not judge it."""

    rule: str
    title: str
    severity: Severity
    before: Verdict | None
    after: Verdict | None
    by_keys: Annotated[bool, note("Whether keys were compared, or counts only.")]
    note: str
    examples: ChangedKeys
    resolved: int | None
    remaining: int | None
    new: int | None
    measure: Annotated[
        Measured | None, note("The measured values of the later audit, each with that of the earlier one.")
    ] = None
    owner: str = ""
    tags: tuple[str, ...] = ()
    suppressed: Annotated[int, note("Violations of the later audit that its configuration accepts.", minimum=0)] = 0
    suppressed_new: Annotated[int, note("The new ones of these, as far as known.", minimum=0)] = 0
    suppressed_keys: Annotated[tuple[str, ...], note("The suppressed ones of `examples`.")] = ()
    variables: Annotated[tuple[ChangedVariable, ...], note("Those with different values in the two audits.")] = ()
    counts_only: Annotated[
        str, note("Why digests of personal keys cannot be compared, so that the numbers are from counts; else empty.")
    ] = ""

    @property
    def fails(self) -> bool:
        """Whether the rule fails in the later audit: it does not if its violations are tolerated."""
        return self.after is not None and self.after.status == "failed"

    @property
    def has_new_critical(self) -> bool:
        """Whether it has a new critical violation that is not suppressed."""
        return self.severity == "critical" and self.fails and self.count("new") > self.suppressed_new

    def count(self, kind: Change) -> int:
        """The violations of one kind, none where they are not known."""
        return getattr(self, kind) or 0


@dataclass(frozen=True)
class ComparisonSummary:
    """Violations and rules by what became of them."""

    resolved: Count
    remaining: Count
    new: Count
    rules_resolved: Count
    rules_remaining: Count
    rules_new: Count
    suppressed: Annotated[int, note("Of remaining and new ones.", minimum=0)] = 0


@dataclass(frozen=True)
class Comparison:
    """The resolved, remaining and new violations between two audits."""

    format: Literal["order-audit-comparison/1"]
    before: ComparedRun
    after: ComparedRun
    by_keys: bool
    note: Annotated[str, note("Why keys were not compared; else empty.")]
    summary: ComparisonSummary
    rules: tuple[RuleChange, ...]
    fixes: Fixes | None
    requirements: tuple[Requirement, ...]
