"""Which rules read which columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from order_audit.reports.document.codec import note


@dataclass(frozen=True)
class TableCoverage:
    """A table that rules read, with the rules that read each column, in the table's order."""

    table: str
    columns: dict[str, Annotated[tuple[str, ...], note("Rules whose outcome the column can change, by id.")]]

    @property
    def unread(self) -> list[str]:
        """The columns that no rule reads."""
        return [column for column, rules in self.columns.items() if not rules]


@dataclass(frozen=True)
class Coverage:
    """The columns of the tables that rules read. `unknown` has rules whose columns are not known."""

    tables: tuple[TableCoverage, ...] = ()
    unknown: Annotated[tuple[str, ...], note("Rules whose query the parser cannot read.")] = ()
