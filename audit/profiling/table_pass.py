"""One pass over a table: its columns and FROM item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from order_audit.audit.database.quoting import quoted
from order_audit.audit.profiling.columns import Column, Table
from order_audit.audit.profiling.sample import Sample


@dataclass(frozen=True)
class Wide:
    """How a column with many values is taken: the share of rows picked, and one class of how many hashes."""

    share: float
    classes: int


@dataclass(frozen=True)
class Pass:
    """One pass over a table: the profiled columns, the wide ones among them, and the FROM item.

    `json_keys_by` is the position of the column that groups JSON figures.
    """

    table: Table
    columns: tuple[Column, ...]
    source: str
    wide: Mapping[int, Wide]
    json_keys_by: int | None = None


def source(table: Table, sample: Sample | None) -> str:
    """The table as a FROM item, or a sample of it; the first rows of what has no pages."""
    if not table.can_be_sampled:
        # a view's columns are not named here: an unreadable one would fail
        return f"{quoted(table.relation)} as t"
    return f"{quoted(table.relation)} as t{sample.clause if sample else ''}"
