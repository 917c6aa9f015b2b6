"""The figures of the earlier runs of a database and schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from order_audit.reports.document import CountPoint, Measured, MeasuredValue, Result, ValuePoint

if TYPE_CHECKING:
    import sqlite3

#: The earlier runs that a result shows, and the groups whose values it shows of them.
RUNS: Final = 30
_GROUPS: Final = 12
#: The earlier runs that say what is usual.
WINDOW: Final = 60
Values: TypeAlias = dict[str | None, tuple[str | None, float | None]]


@dataclass(frozen=True)
class Figure:
    """A rule in a run; `measured` is the unit and the column of a measured value."""

    at: datetime
    status: str
    severity: str
    checked: int | None
    violations: int
    measured: str | None
    appeared: int | None
    returned: int | None
    ended: int | None

    @property
    def is_judged(self) -> bool:
        """Whether it passed or failed."""
        return self.status in ("passed", "failed")


def figures(connection: sqlite3.Connection, series: int | None, kind: str = "rule") -> dict[str, list[Figure]]:
    """Return the figures of each rule by time."""
    found: defaultdict[str, list[Figure]] = defaultdict(list)
    rows = connection.execute(
        """
        select r.rule, u.at, f.status, f.severity, f.checked, f.violations, f.measured, f.appeared, f.returned, f.ended
        from runs as u
        join figures as f on f.run = u.id
        join rules as r on r.id = f.rule
        where u.series = ? and r.kind = ?
        order by u.at, u.id
        """,
        (series, kind),
    )
    for rule, at, *others in rows:
        found[rule].append(Figure(datetime.fromisoformat(at), *others))
    return dict(found)


def values(connection: sqlite3.Connection, series: int | None, rule: str) -> dict[datetime, Values]:
    """Return the measured values of a rule in the last runs by group."""
    found: defaultdict[datetime, Values] = defaultdict(dict)
    rows = connection.execute(
        """
        select u.at, m."group", m.value, m.number
        from (select * from runs where series = :series order by at desc, id desc limit :runs) as u
        join rules as r on r.series = u.series and r.kind = 'rule' and r.rule = :rule
        join measured as m on m.rule = r.id and m.run = u.id
        order by u.at, u.id, m.place
        """,
        {"series": series, "rule": rule, "runs": WINDOW},
    )
    for at, group, value, number in rows:
        found[datetime.fromisoformat(at)][group] = (value, number)
    return dict(found)


def with_points(result: Result, known: Sequence[Figure], of_runs: dict[datetime, Values]) -> Result:
    """Return a result with the counts and values of the last runs.

    Without a baseline, the values before are those of the last run.
    """
    judged = [it for it in known if it.is_judged][-RUNS:]
    points = tuple(CountPoint(it.at, it.violations, it.checked) for it in judged)
    measure = result.measure
    if measure is not None:
        earlier = [(it.at, of_runs.get(it.at, {})) for it in judged if it.measured == measured_by(measure)]
        shown = (_with_values(it, earlier, drawn=place < _GROUPS) for place, it in enumerate(measure.values))
        measure = replace(measure, values=tuple(shown))
    return replace(result, history=points, measure=measure)


def measured_by(measure: Measured) -> str:
    """Return what values have in common that can be compared."""
    return f"{measure.unit} {measure.column}"


def relapses(known: Iterable[Figure]) -> int:
    """Return how often a rule has failed again after it had passed."""
    failed = [it.status == "failed" for it in known if it.is_judged]
    starts = sum(now and not before for before, now in zip([False, *failed], failed, strict=False))
    return max(starts - 1, 0)


def failing_since(known: Sequence[Figure]) -> datetime | None:
    """Return the first of the last runs without a gap in which a rule failed; None if it passed in the last one."""
    since = None
    for it in reversed([it for it in known if it.is_judged]):
        if it.status != "failed":
            break
        since = it.at
    return since


def _with_values(value: MeasuredValue, earlier: Sequence[tuple[datetime, Values]], *, drawn: bool) -> MeasuredValue:
    points = [ValuePoint(at, *of[value.group]) for at, of in earlier if value.group in of]
    if value.previous is None and points and earlier[-1][0] == points[-1].at:
        value = replace(value, previous=points[-1].value, previous_number=points[-1].number)
    return replace(value, history=tuple(points)) if drawn else value
