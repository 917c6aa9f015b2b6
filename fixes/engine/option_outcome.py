"""What became of an option of a fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class OptionOutcome:
    """What became of an option: rows changed, places left because somebody held them or changed them meanwhile.

    `rejected` are the rows that the database refused to change, or that would have held others up for too long; they
    stand in `order_audit.refused`. `seconds` is how long it took.
    """

    changed: int = 0
    locked: int = 0
    changed_concurrently: int = 0
    rejected: int = 0
    seconds: float = 0.0

    def add(self, later: OptionOutcome) -> None:
        """Add what became of the option in a later fixpoint pass, which has tried again what was left before."""
        self.changed += later.changed
        self.locked, self.changed_concurrently, self.rejected = later.locked, later.changed_concurrently, later.rejected
        self.seconds = round(self.seconds + later.seconds, 3)
