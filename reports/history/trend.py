"""How the findings of a database and schema went over all runs of a history."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final, cast

from order_audit.expectations import SEVERITIES, Unit
from order_audit.reports.history import figures
from order_audit.reports.history.figures import Figure
from order_audit.reports.history.stored_key import shown, stored

#: The keys of each kind that are named.
_KEYS: Final = 10
_ANOMALIES: Final = 50


@dataclass(frozen=True)
class Night:
    """A run: when, its rules by what became of them, and whether its gate passed; None where that is not known."""

    at: datetime
    run: str
    passed: int
    failed: int
    errored: int
    gate_passed: bool | None


@dataclass(frozen=True)
class Series:
    """The runs of one database and schema, by time."""

    id: int
    database: str
    schema: str
    runs: Sequence[Night]


@dataclass(frozen=True)
class Trend:
    """A rule over all runs. `oldest` is the run since which the oldest of its violations stands, None without one;
    `came_back` counts the standing violations that had been gone.
    """

    kind: str
    rule: str
    title: str
    severity: str
    figures: Sequence[Figure]
    oldest: datetime | None
    came_back: int

    @property
    def judged(self) -> list[Figure]:
        """The runs in which it passed or failed."""
        return [it for it in self.figures if it.is_judged]

    @property
    def counts(self) -> list[int]:
        """Its violations in these runs."""
        return [it.violations for it in self.judged]

    @property
    def now(self) -> int:
        """Its violations in the last of these runs."""
        return self.counts[-1] if self.judged else 0

    @property
    def failing_since(self) -> datetime | None:
        """The first of the last runs without a gap in which it failed."""
        return figures.failing_since(self.figures)

    @property
    def seen(self) -> tuple[datetime, datetime] | None:
        """The first and the last run with violations."""
        found = [it.at for it in self.judged if it.violations]
        return (found[0], found[-1]) if found else None

    @property
    def relapses(self) -> int:
        """How often it failed again after it had passed."""
        return figures.relapses(self.figures)


@dataclass(frozen=True)
class MeasuredTrend:
    """The values of a measured rule's group in the last runs, by time: exact, and on a scale. None where one lacks."""

    rule: str
    title: str
    column: str
    unit: Unit
    group: str | None
    at: Sequence[datetime]
    values: Sequence[str | None]
    numbers: Sequence[float | None]


@dataclass(frozen=True)
class Span:
    """The first and the last run with a violating key; the last one is None while it stands."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class KeptKey:
    """A violating key that stands, since when, and how often it had come back."""

    key: str | None
    since: datetime
    returns: int


def series(connection: sqlite3.Connection) -> list[Series]:
    """Return the databases and schemas of a history, by name."""
    found = connection.execute("select id, database, schema from series order by database, schema").fetchall()
    return [Series(id, database, schema, _runs(connection, id)) for id, database, schema in found]


def trends(connection: sqlite3.Connection, of: int, kind: str = "rule") -> list[Trend]:
    """Return the rules of a series: failing ones first, by severity and number of violations."""
    known = figures.figures(connection, of, kind)
    at = _times(connection)
    standing = {
        rule: (at[since], came_back)
        for rule, since, came_back in connection.execute(
            "select rule, min(since), sum(returns > 0) from standing group by rule"
        )
    }
    rows = connection.execute(
        "select id, rule, title, severity from rules where series = ? and kind = ? order by rule", (of, kind)
    )
    found = [
        Trend(kind, rule, title, severity, known.get(rule, []), *standing.get(id, (None, 0)))
        for id, rule, title, severity in rows
    ]
    return sorted(found, key=_rank)


def matching(found: Sequence[Trend], patterns: Sequence[str]) -> list[Trend]:
    """Return the rules that match one of the patterns, or all without any; an instance also matches its rule."""
    return [
        it
        for it in found
        if not patterns or any(fnmatchcase(it.rule, p) or it.rule.partition("[")[0] == p for p in patterns)
    ]


def spans(connection: sqlite3.Connection, of: int, rule: str, key: str) -> list[Span]:
    """Return when a key violated a rule, by time."""
    at = _times(connection)
    rows = connection.execute(
        """
        with r as (select id from rules where series = ? and kind = 'rule' and rule = ?)
        select p.since, p.until from r join past as p on p.rule = r.id where p.key = ?
        union all select t.since, null from r join standing as t on t.rule = r.id where t.key = ?
        order by 1
        """,
        (of, rule, *[stored(key.encode("utf-8", "surrogateescape"))] * 2),
    )
    return [Span(at[since], at[until] if until is not None else None) for since, until in rows]


def keys(connection: sqlite3.Connection, of: int, kind: str, rule: str) -> tuple[list[KeptKey], list[KeptKey]]:
    """Return the oldest of a rule's standing violations, and those that came back most often."""
    at = _times(connection)
    found = []
    for condition, order in (("true", "t.since"), ("t.returns > 0", "t.returns desc, t.since")):
        rows = connection.execute(
            "select t.key, t.since, t.returns from rules as r join standing as t on t.rule = r.id"
            f" where r.series = ? and r.kind = ? and r.rule = ? and {condition} order by {order} limit {_KEYS}",
            (of, kind, rule),
        )
        found.append([KeptKey(shown(key), at[since], returns) for key, since, returns in rows])
    return found[0], found[1]


def measured(connection: sqlite3.Connection, of: int, rules: Sequence[Trend]) -> list[MeasuredTrend]:
    """Return the values of measured rules, the worst group first. Those of another unit are left out."""
    found = []
    for rule in rules:
        alike = [it for it in rule.judged if it.measured is not None and it.measured == rule.judged[-1].measured]
        if not alike or alike[-1].measured is None:
            continue
        unit, _, column = alike[-1].measured.partition(" ")
        by_run = figures.values(connection, of, rule.rule)
        at = [it.at for it in alike if it.at in by_run]
        for group in by_run.get(alike[-1].at, {}):
            points = [by_run[it].get(group, (None, None)) for it in at]
            found.append(
                MeasuredTrend(
                    rule.rule, rule.title, column, cast(Unit, unit), group, at,
                    [value for value, _ in points], [number for _, number in points],
                )
            )  # fmt: skip
    return found


def volumes(connection: sqlite3.Connection, of: int | None) -> dict[str, list[tuple[datetime, int]]]:
    """Return the rows of each table by time."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    rows = connection.execute(
        'select v."table", u.at, v.rows from runs as u join volumes as v on v.run = u.id where u.series = ?'
        ' order by v."table", u.at, u.id',
        (of,),
    )
    for table, at, count in rows:
        found.setdefault(table, []).append((datetime.fromisoformat(at), count))
    return found


def anomalies(connection: sqlite3.Connection, of: int) -> list[tuple[datetime, str, str]]:
    """Return what was unusual, with its severity, the last runs first."""
    rows = connection.execute(
        "select u.at, a.severity, a.message from runs as u join anomalies as a on a.run = u.id where u.series = ?"
        f" order by u.at desc, u.id desc, a.place limit {_ANOMALIES}",
        (of,),
    )
    return [(datetime.fromisoformat(at), severity, message) for at, severity, message in rows]


def _runs(connection: sqlite3.Connection, of: int) -> list[Night]:
    rows = connection.execute(
        "select at, run, passed, failed, errored, gate_passed from runs where series = ? order by at, id", (of,)
    )
    return [
        Night(datetime.fromisoformat(at), run, passed, failed, errored, None if gate is None else bool(gate))
        for at, run, passed, failed, errored, gate in rows
    ]


def _times(connection: sqlite3.Connection) -> dict[int, datetime]:
    return {id: datetime.fromisoformat(at) for id, at in connection.execute("select id, at from runs")}


def _rank(it: Trend) -> tuple[bool, int, int, str]:
    severity = SEVERITIES.index(it.severity) if it.severity in SEVERITIES else len(SEVERITIES)
    return not it.failing_since, severity, -it.now, it.rule
