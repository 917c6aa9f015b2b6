"""Applied fixes of the database, from the undo log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from order_audit.reports.document.codec import Count, note


@dataclass(frozen=True)
class AppliedOption:
    """Rows that one option of a fix changed."""

    rule: str
    option: str
    changed: Count
    reverted: Count
    left_alone: Count


@dataclass(frozen=True)
class Rejected:
    """Rows that the database refused to change."""

    rule: str
    option: str
    table: str
    by: Annotated[str | None, note("The constraint, or the function of the trigger.")]
    reason: str
    rows: Annotated[int, note(minimum=1)]
    keys: Annotated[tuple[str, ...], note("The first ten.")]


@dataclass(frozen=True)
class Proof:
    """What changed during the last application, by key range."""

    ranges: Count
    rows: Count
    changed_by_others: dict[str, tuple[int, ...]]
    changed_columns: Annotated[
        tuple[str, ...], note("Columns that were added, dropped or got another type meanwhile, in words.")
    ] = ()
    method: Annotated[Literal["checksums", "row versions"], note("How it was proven.")] = "checksums"
    reason: Annotated[str | None, note("Why by checksums, unless they were asked for.")] = None


@dataclass(frozen=True)
class Sizes:
    """Bytes of a table before and after the last application."""

    heap_before: Count
    heap_after: Count
    indexes_before: Count
    indexes_after: Count
    dead_rows: Annotated[int, note("About, right afterwards.", minimum=0)]
    may_vacuum: bool


@dataclass(frozen=True)
class Totals:
    """Changes that are not reverted, and the different rows that they changed and deleted, by table."""

    changes: Count
    changed_rows: dict[str, int]
    deleted_rows: dict[str, int]


@dataclass(frozen=True)
class Fixes:
    """The applied fixes."""

    applied: tuple[AppliedOption, ...]
    refused: Annotated[tuple[Rejected, ...], note("Rows that the database rejected in the last run.")]
    proof: Proof | None
    sizes: Annotated[dict[str, Sizes], note("By table that the last application changed.")]
    totals: Totals | None = None
