"""The dry run of the fixes that an audit makes with --plan-fixes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from order_audit.reports.document.codec import Count, JsonObject, note


@dataclass(frozen=True)
class ChangedRow:
    """One change of an automatic fix: the changed columns, masked as evidence is."""

    table: str
    key: JsonObject
    before: JsonObject
    after: Annotated[JsonObject | None, note("Null for a deleted row.")]


@dataclass(frozen=True)
class PlannedFix:
    """What the fix of a rule would do, without any decision."""

    rule: str
    automatic: Annotated[int, note("Changes that need no decision.", minimum=0)]
    undecided: Annotated[int, note("Rows that the largest option would change.", minimum=0)]
    remaining: Annotated[int, note("Violations of the rule after all automatic fixes.", minimum=0)]
    examples: Annotated[tuple[ChangedRow, ...], note("The first changes.")] = ()


@dataclass(frozen=True)
class FixPlan:
    """The automatic fixes, tried on temporary copies of the tables in the snapshot of the audit."""

    reason: Annotated[str, note("Why there is no plan; empty if there is one.")] = ""
    fixes: tuple[PlannedFix, ...] = ()
    changes: Annotated[int, note("Changes without a decision.", minimum=0)] = 0
    rows: Annotated[int, note("Different rows that they change.", minimum=0)] = 0
    deleted: Annotated[int, note("Rows that they delete, among these.", minimum=0)] = 0
    remaining: Annotated[int, note("Violations of all rules afterwards.", minimum=0)] = 0
    guards: Count = 0
    guards_ready: Annotated[tuple[str, ...], note("Guards that reject no row today, and build on none that does.")] = ()
    guards_ready_then: Annotated[tuple[str, ...], note("The same after the automatic fixes.")] = ()
