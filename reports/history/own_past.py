"""The figures of an audit with their own past, as the history has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from order_audit.reports.document import HistoryUse, Measured
from order_audit.reports.history import ages, anomalies, figures, trend
from order_audit.reports.history.anomalies import Figure
from order_audit.reports.history.audited import Audited
from order_audit.reports.history.figures import Values


def use(
    connection: sqlite3.Connection,
    series: int | None,
    audited: Audited,
    known: Mapping[str, Sequence[figures.Figure]],
    values: Mapping[str, Mapping[datetime, Values]],
) -> HistoryUse:
    """Return what is unusual in an audit. `known` and `values` are the earlier figures and values of its rules."""
    at = audited.run.started_at
    (runs,) = connection.execute("select count(*) from runs where series = ?", (series,)).fetchone()
    found = [
        *_volumes(connection, series, audited),
        *_ages(connection, series, audited),
        *_rules(audited, known, values),
    ]
    return anomalies.judged(found, at, runs)


def _volumes(connection: sqlite3.Connection, series: int | None, audited: Audited) -> Iterator[Figure]:
    past = trend.volumes(connection, series)
    for table, it in audited.run.tables.items():
        yield Figure("volume", table, [(at, float(rows)) for at, rows in past.get(table, ())], float(it.rows))


def _ages(connection: sqlite3.Connection, series: int | None, audited: Audited) -> Iterator[Figure]:
    past: dict[str, list[tuple[datetime, float]]] = {}
    rows = connection.execute(
        "select a.name, u.at, a.seconds from runs as u join ages as a on a.run = u.id where u.series = ?"
        " order by u.at, u.id",
        (series,),
    )
    for name, at, seconds in rows:
        past.setdefault(name, []).append((datetime.fromisoformat(at), seconds))
    for name, seconds in ages.of_profile(audited.profile, audited.run.started_at).items():
        yield Figure("freshness", name, past.get(name, ()), seconds)


def _rules(
    audited: Audited, known: Mapping[str, Sequence[figures.Figure]], values: Mapping[str, Mapping[datetime, Values]]
) -> Iterator[Figure]:
    for it in audited.results:
        if it.status not in ("passed", "failed"):
            continue
        judged = [figure for figure in known.get(it.rule, ()) if figure.is_judged]
        if it.measure is None:
            counts = [(figure.at, float(figure.violations)) for figure in judged]
            yield Figure("violations", it.rule, counts, float(it.violations))
        elif ages.is_age(it.measure):
            alike = {figure.at for figure in judged if figure.measured == figures.measured_by(it.measure)}
            earlier = {at: of for at, of in values.get(it.rule, {}).items() if at in alike}
            yield from _measured(it.rule, it.measure, earlier, audited.run.started_at)


def _measured(rule: str, measure: Measured, earlier: Mapping[datetime, Values], at: datetime) -> Iterator[Figure]:
    for group, seconds in ages.of_measure(measure, at):
        numbers = [(when, of[group][1]) for when, of in sorted(earlier.items()) if group in of]
        past = [
            (when, when.timestamp() - number if measure.unit == "time" else number)
            for when, number in numbers
            if number is not None
        ]
        yield Figure("freshness", rule if group is None else f"{rule}[{group}]", past, seconds, is_measured=True)
