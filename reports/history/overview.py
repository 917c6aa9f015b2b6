"""All that a page over the runs of a database and schema shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from order_audit.reports.history import trend
from order_audit.reports.history.trend import KeptKey, MeasuredTrend, Series, Trend


@dataclass(frozen=True)
class Totals:
    """All violations of a run, and its keys that appeared and went."""

    violations: int
    appeared: int
    ended: int


@dataclass(frozen=True)
class Overview:
    """The runs of a database and schema. `totals` are by time; `oldest` and `returned` have the keys of failing rules,
    and the objects of schema findings, by kind and rule; `unusual` has a time, a severity and a message.
    """

    series: Series
    rules: Sequence[Trend]
    schema: Sequence[Trend]
    measured: Sequence[MeasuredTrend]
    volumes: Mapping[str, Sequence[tuple[datetime, int]]]
    totals: Mapping[datetime, Totals]
    oldest: Mapping[tuple[str, str], Sequence[KeptKey]]
    returned: Mapping[tuple[str, str], Sequence[KeptKey]]
    unusual: Sequence[tuple[datetime, str, str]]


def overview(connection: sqlite3.Connection, series: Series) -> Overview:
    """Return what a history knows of a database and schema."""
    rules = trend.trends(connection, series.id)
    schema = trend.trends(connection, series.id, "schema")
    standing = [it for it in (*rules, *schema) if it.now]
    keys = {(it.kind, it.rule): trend.keys(connection, series.id, it.kind, it.rule) for it in standing}
    return Overview(
        series,
        rules,
        schema,
        trend.measured(connection, series.id, rules),
        trend.volumes(connection, series.id),
        _totals(rules),
        {rule: oldest for rule, (oldest, _) in keys.items()},
        {rule: returned for rule, (_, returned) in keys.items()},
        trend.anomalies(connection, series.id),
    )


def _totals(rules: Sequence[Trend]) -> dict[datetime, Totals]:
    found: dict[datetime, Totals] = {}
    for it in (figure for rule in rules for figure in rule.judged):
        before = found.get(it.at, Totals(0, 0, 0))
        found[it.at] = Totals(
            before.violations + it.violations,
            before.appeared + (it.appeared or 0),
            before.ended + (it.ended or 0),
        )
    return found
