"""The time, as results have it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in whole milliseconds: a page that is drawn from the file has the same durations."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
