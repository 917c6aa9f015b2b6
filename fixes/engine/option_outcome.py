"""The outcome of an option of a fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class OptionOutcome:
    """The outcome of an option: changed rows; batch positions that are locked or changed concurrently.

    `rejected` counts rows that the database rejected or whose change would block other sessions too long. The table
    `order_audit.refused` has them. `seconds` is the elapsed time.
    """

    changed: int = 0
    locked: int = 0
    changed_concurrently: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def add(self, later: OptionOutcome) -> None:
        """Add the outcome of a later fixpoint pass, which has retried the rows left before."""
        self.changed += later.changed
        self.locked, self.changed_concurrently, self.rejected = later.locked, later.changed_concurrently, later.rejected
        self.seconds = round(self.seconds + later.seconds, 3)
