"""Check the limits in a rule's header against the columns that its query gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit.database.catalog import Column
from order_audit.expectations import Measure, Rule, Unit

_NUMBERS: Final = frozenset((20, 21, 23, 700, 701, 1700))
#: The types (oids) of values that a bound of each unit can be held against.
_TYPES: Final[dict[Unit, frozenset[int]]] = {
    "number": _NUMBERS,
    "percent": _NUMBERS,
    "duration": frozenset((1186,)),
    "time": frozenset((1082, 1114, 1184)),
    "boolean": frozenset((16,)),
}
_WORDS: Final[dict[Unit, str]] = {
    "number": "a number",
    "percent": "a number",
    "duration": "an interval",
    "time": "a date or a timestamp",
    "boolean": "a boolean",
}
_TIMESTAMPTZ: Final = 1184


def misfit(connection: psycopg.Connection | None, rule: Rule, columns: Sequence[Column]) -> str:
    """Return an error for limits that the query cannot be held against; empty if there is none.

    Without a connection, it names the type of a column by its oid.
    """
    if rule.measure is not None:
        return _unmeasurable(connection, rule.measure, columns)
    key = next(column for column in columns if column.name == rule.key[0])
    share = next((level for level in rule.levels if level.above.is_percent), None)
    if share and not key.relation:
        return (
            f"{share.place or rule.path}: a share of the checked rows is unknown, because the key {rule.key[0]} is no"
            " column of a table: tolerate a number of rows"
        )
    return ""


def _unmeasurable(connection: psycopg.Connection | None, measure: Measure, columns: Sequence[Column]) -> str:
    named = [column for column in columns if column.name == measure.column]
    if not named:
        gives = ", ".join(dict.fromkeys(column.name for column in columns))
        return f"{measure.place}: the statement gives no column '{measure.column}' to measure; it gives {gives}"
    kind, unit = named[0].type, measure.unit
    if kind not in _TYPES[unit]:
        name = (
            session.scalar(connection, "select pg_catalog.format_type(%s, null)", [kind])
            if connection
            else f"oid {kind}"
        )
        return (
            f"{measure.place}: '{measure.bounds[0]}' needs {_WORDS[unit]}, and the column {measure.column} is of type"
            f" {name}: cast it, or change the bound"
        )
    if kind != _TIMESTAMPTZ and any(bound.has_offset for bound in measure.bounds):
        return (
            f"{measure.place}: the column {measure.column} has no time zone: write the bound without an offset, or"
            " convert the column with 'at time zone'"
        )
    return ""
