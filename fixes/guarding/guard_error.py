"""The errors of a guard that is not installed or removed."""

from __future__ import annotations

from typing import Final

import psycopg

from order_audit.errors import OrderAuditError
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_state import error_line

#: Classes of errors that say nothing about the guard: resources, operator intervention, system.
_PASSING: Final = ("53", "57", "58")


class GuardError(OrderAuditError):
    """A guard cannot be installed or removed; nothing of it was left behind. The message is one line that says why.

    `why` is the same without the guard's name; `rows` the number of rows that it would refuse, where that is why;
    `passing` whether the same command may succeed another time: others held the tables, the server ended the statement,
    or lacked resources.
    """

    said = "guard {} is not installed: {}"

    def __init__(self, guard: Guard, why: str, rows: int = 0, *, passing: bool = False) -> None:
        self.why = f"{why}: run the same command again" if passing else why
        super().__init__(self.said.format(guard.name, self.why))
        self.rows = rows
        self.passing = passing


def refused_by_server(guard: Guard, error: psycopg.Error) -> GuardError:
    """Return the error of a guard whose statement the server has refused."""
    return GuardError(guard, error_line(error), passing=(error.sqlstate or "")[:2] in _PASSING)


class HeldError(GuardError):
    """Others never let go of the tables, so that a guard is not installed, or not removed."""

    said = "guard {}: {}"

    def __init__(self, guard: Guard, why: str) -> None:
        super().__init__(guard, why, passing=True)
