"""What became of one rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

#: `not_selected` are rules that --rule and --exclude leave out.
Status = Literal["passed", "failed", "errored", "skipped", "not_checkable", "not_selected"]


@dataclass(frozen=True)
class Impact:
    """Whom and what a failed rule concerns; `amount` is the sum of the orders' amounts, in the table's own unit."""

    customers: int
    orders: int
    amount: int | float


@dataclass(frozen=True)
class Trouble:
    """Why a rule could not be judged: the message, and where the server saw the mistake (in a fragment's file, too)."""

    message: str
    sqlstate: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass
class Outcome:
    """A rule's verdict with its evidence.

    `violations` counts distinct keys; `checked` is the number of rows of the key's table, None where it is unknown;
    `examples` are the first violating rows by key, masked; `ordered_by` says how its keys are sorted; `missing` are
    the tables that are not there, and that no `needs` of the rule names.
    """

    status: Status
    violations: int = 0
    checked: int | None = None
    examples: list[dict[str, Any]] = field(default_factory=list)
    impact: Impact | None = None
    trouble: Trouble | None = None
    reason: str = ""
    milliseconds: float = 0.0
    table: str = ""
    ordered_by: Literal["number", "bytes"] = "bytes"
    missing: tuple[str, ...] = ()
