"""The figures of a table's columns, from its profile, and the condition of the older half of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.init.candidate import UNREADABLE
from order_audit.audit.init.facts import Column, Table
from order_audit.audit.init.names import is_identifier, words
from order_audit.audit.profiling.profile import profile

#: Words of columns that say when a row came to be, in order of trust.
_ARRIVAL: Final = ("created", "inserted", "recorded", "added", "date", "time", "timestamp", "at", "on", "year", "month")


@dataclass(frozen=True)
class Figures:
    """A column with the figures of its profile, `entry`. `values` are the rows with a value."""

    column: Column
    rows: int
    entry: dict[str, Any]
    is_personal: bool

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def nulls(self) -> int:
        return int(self.entry["nulls"])

    @property
    def values(self) -> int:
        return self.rows - self.nulls

    @property
    def distinct(self) -> int:
        """Different values, estimated for columns with very many."""
        return int(self.entry["distinct"])

    @property
    def is_estimated(self) -> bool:
        return bool(self.entry.get("distinct_estimated"))

    @property
    def all_differ(self) -> bool:
        """Whether no value occurs twice, or may be so if the figure is an estimate."""
        return self.distinct >= (0.9 if self.is_estimated else 1) * self.values > 0

    @property
    def nearly_differ(self) -> bool:
        """Whether at most one value in a hundred repeats."""
        return self.all_differ or self.distinct >= 0.99 * self.values > 0

    @property
    def lengths(self) -> tuple[int, int]:
        """The shortest and longest text."""
        length = self.entry.get("length", {})
        return int(length.get("min") or 0), int(length.get("max") or 0)

    @property
    def top(self) -> list[str]:
        """The most frequent values as texts."""
        return [str(it["value"]) for it in self.entry.get("top", []) if it["value"] is not None]

    @property
    def ends(self) -> list[str]:
        """The first and last text in the order of their bytes, cut where they are long."""
        return [str(self.entry[end]) for end in ("min", "max") if self.entry.get(end) is not None]

    def number(self, figure: str) -> Decimal | None:
        """A figure as a number: `min`, `max`, or a quantile by its percentage."""
        found = self.entry.get(figure) if figure in ("min", "max") else self.entry.get("quantiles", {}).get(figure)
        try:
            value = Decimal(str(found)) if found is not None else None
        except InvalidOperation:
            return None
        return value if value is not None and value.is_finite() else None

    @property
    def is_special(self) -> bool:
        """Whether it holds NaN or infinity."""
        return any(self.entry.get(figure) for figure in ("nan", "inf", "minus_inf"))


@dataclass(frozen=True)
class TableFigures:
    """A table with the figures of its columns.

    `older` is a condition on `t` for about the first half of the rows by time, or empty; `is_partial`: only the first
    rows of a view or foreign table were read.
    """

    table: Table
    rows: int
    columns: dict[str, Figures]
    older: str
    is_partial: bool


def read(connection: psycopg.Connection, table: Table, sample: float | None = None) -> TableFigures | str:
    """Return a table's figures from one pass, or the reason why it has none."""
    name = RelationName(table.schema, table.name)
    relation = catalog.relations(connection, [name]).get(name)
    if relation is None:
        return "it is gone"
    (entry,) = profile(connection, [relation], sample=sample, unmask=True).values()
    if "error" in entry:
        return f"{UNREADABLE}{entry['error']}"
    rows = int(entry["rows"])
    found = {
        column.name: Figures(column, rows, figures, table.is_view or mask.is_personal({column.name}))
        for column in table.columns
        if "error" not in (figures := entry["columns"].get(column.name, {"error": ""}))
    }
    return TableFigures(table, rows, found, _older(table, found), "first_rows" in entry or sample is not None)


def _older(table: Table, found: dict[str, Figures]) -> str:
    """The condition of the first half of the rows by time; else by a key that grows."""
    moments = sorted(
        (_trust(figures.name), place, figures)
        for place, figures in enumerate(found.values())
        if figures.distinct > 2 and not figures.nulls and figures.entry.get("quantiles")
        and (figures.column.family == "time" or words(figures.name)[:1] == ["year"])
    )  # fmt: skip
    keys = [figures for name in table.key if (figures := found.get(name)) and figures.column.family == "whole"]
    for figures in [*(it[2] for it in moments), *(keys if len(table.key) == 1 else [])]:
        if (median := figures.entry["quantiles"].get("50")) is not None:
            return f"t.{figures.column.sql} <= '{str(median).replace(chr(39), '')}'"
    return ""


def _trust(name: str) -> int:
    found = words(name)
    return next((place for place, word in enumerate(_ARRIVAL) if word in found), len(_ARRIVAL))


def is_code(figures: Figures) -> bool:
    """Return whether the values are short texts without spaces, or their column is named as an identifier."""
    if figures.column.family != "text":
        return is_identifier(figures.name)
    return figures.lengths[1] <= 40 and not figures.entry.get("characters", {}).get("spaces")
