"""How old the newest values of timestamps are, where the profile or a measured rule gives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from order_audit.reports.document import JsonObject, Measured

_TYPES: Final = ("timestamp with time zone", "timestamp without time zone")


def of_profile(profile: JsonObject, at: datetime) -> dict[str, float]:
    """Return the age in seconds of the newest value of each column with timestamps, by table and column.

    Tables that were read in part are left out: the newest value of a sample is any. So are columns with values after
    `at`, such as due dates, and masked ones.
    """
    return {
        f"{table}.{column}": (at - newest).total_seconds()
        for table, entry in profile.items()
        if not entry.get("sampled")
        for column, of in entry.get("columns", {}).items()
        if of.get("type") in _TYPES and (newest := _moment(of.get("max"))) is not None and newest <= at
    }


def of_measure(measure: Measured, at: datetime) -> Iterator[tuple[str | None, float]]:
    """Yield the age in seconds that a measured rule gives, by group: a duration with an upper bound, or a time."""
    for it in measure.values:
        if it.number is not None and is_age(measure):
            yield it.group, at.timestamp() - it.number if measure.unit == "time" else it.number


def is_age(measure: Measured) -> bool:
    """Return whether a rule measures times, or durations that must not be too long."""
    return measure.unit == "time" or (measure.unit == "duration" and any(it.high is not None for it in measure.bounds))


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None  # a masked value, or one before the year 1
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
