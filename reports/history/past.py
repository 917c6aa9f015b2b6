"""What the history knows of an audit's findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from order_audit.reports.document import HistoryUse, Result, SchemaFinding, Standing
from order_audit.reports.history import figures
from order_audit.reports.history.figures import Figure, Values

_JUDGED: Final = ("passed", "failed")


@dataclass(frozen=True)
class KeyChanges:
    """What has become of a rule's keys.

    `oldest` is the run since which the oldest of them stands, None if all have appeared in this one; `returned` of
    those that appeared were there before; `came_back` of all that stand now had been gone.
    """

    oldest: int | None
    appeared: int
    returned: int
    ended: int
    came_back: int


@dataclass(frozen=True)
class Past:
    """What the history knows of an audit's findings; nothing without a history. `at` has the times of its runs,
    `use` what is unusual.
    """

    started_at: datetime | None = None
    figures: Mapping[str, list[Figure]] = field(default_factory=dict)
    values: Mapping[str, dict[datetime, Values]] = field(default_factory=dict)
    changes: Mapping[str, KeyChanges] = field(default_factory=dict)
    objects: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    at: Mapping[int, datetime] = field(default_factory=dict)
    use: HistoryUse | None = None

    def result(self, result: Result) -> Result:
        """Return a result with its earlier figures, and since when it fails."""
        if self.started_at is None:
            return result
        known = self.figures.get(result.rule, [])
        result = figures.with_points(result, known, self.values.get(result.rule, {}))
        if result.status not in _JUDGED or not result.violations:
            return result
        failed = result.status == "failed"
        change = self.changes.get(result.rule)
        return replace(
            result,
            since=Standing(
                finding=(figures.failing_since(known) or self.started_at) if failed else None,
                violation=self._first(change) if change else None,
                new=change.appeared if change and any(it.is_judged for it in known) else None,
                returned=change.came_back if change else None,
                relapses=figures.relapses(known) + (failed and _had_passed_again(known)),
            ),
        )

    def finding(self, finding: SchemaFinding) -> SchemaFinding:
        """Return a schema finding with the run that first saw it."""
        if self.started_at is None:
            return finding
        return replace(finding, since=self.objects.get((finding.rule, finding.object), self.started_at))

    def _first(self, change: KeyChanges) -> datetime | None:
        return self.at[change.oldest] if change.oldest is not None else self.started_at


def _had_passed_again(known: list[Figure]) -> bool:
    """Whether a rule passed in the last run and failed in an earlier one."""
    judged = [it.status for it in known if it.is_judged]
    return bool(judged) and judged[-1] == "passed" and "failed" in judged
