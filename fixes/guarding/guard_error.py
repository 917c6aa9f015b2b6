"""The errors of a guard that is not installed or removed."""

from __future__ import annotations

from order_audit.errors import OrderAuditError
from order_audit.fixes.guarding.guard import Guard


class GuardError(OrderAuditError):
    """A guard cannot be installed or removed; nothing of it was left behind. The message is one line that says why.

    `why` is the same without the guard's name; `rows` the number of rows that it would refuse, where that is why.
    """

    said = "guard {} is not installed: {}"

    def __init__(self, guard: Guard, why: str, rows: int = 0) -> None:
        super().__init__(self.said.format(guard.name, why))
        self.why = why
        self.rows = rows


class HeldError(GuardError):
    """Others never let go of the tables."""

    said = "guard {}: {}"
