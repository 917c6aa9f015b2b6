"""The outcome of one rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from order_audit.expectations import Severity
from order_audit.reports.document import Cause, JsonObject, KeyOrder, Status


@dataclass(frozen=True)
class Failure:
    """Why a rule could not be judged: the message, and where the server saw the mistake (in a fragment's file, too)."""

    message: str
    sqlstate: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class GroupValue:
    """A measured value: of a group, as violations.csv names it (empty for NULL), or of the whole table (None).

    `value` is its exact text, None if there is none; `number` its position on a scale, for diagrams; `severity` that of
    the bound that it breaks.
    """

    group: str | None
    value: str | None
    number: float | None
    severity: Severity | None


@dataclass
class Outcome:
    """A rule's verdict with its evidence.

    `violations` counts distinct keys, and each row with a NULL in its key; `rows` counts the violating rows.
    `checked` is the number of rows of the key's table, None where it is unknown; `examples` are the first violating
    rows by key, masked; `ordered_by` says how its keys are sorted, `has_digests` whether digests
    stand for them; `cause` is why it was skipped or is not checkable;
    `missing` are the tables that are not there, and that no `requires` of the rule names; `severity` is that of the
    broken limit, if the rule has several; `values` are the measured ones, the worst first. `of_changes`: only keys that
    can have changed were judged again.
    """

    status: Status
    violations: int = 0
    rows: int = 0
    checked: int | None = None
    examples: list[JsonObject] = field(default_factory=list)
    impact: dict[str, int | float] | None = None
    failure: Failure | None = None
    cause: Cause | None = None
    milliseconds: float = 0.0
    table: str = ""
    ordered_by: KeyOrder = "bytes"
    has_digests: bool = False
    missing: tuple[str, ...] = ()
    severity: Severity | None = None
    values: list[GroupValue] = field(default_factory=list)
    of_changes: bool = False
