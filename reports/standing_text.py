"""Since when a finding stands, in words."""

from __future__ import annotations

from datetime import UTC, datetime

from order_audit.reports.document import Standing
from order_audit.reports.formatting import plural


def line(since: Standing) -> str:
    """Return since when a rule fails and its oldest violation stands, and what is new since the last run."""
    began = min((at for at in (since.finding, since.violation) if at), default=None)
    if began is None:
        return ""
    parts = [f"fails since {day(since.finding)}"] if since.finding else []
    if since.violation and (not since.finding or day(since.violation) != day(since.finding)):
        parts.append(f"its oldest violation stands since {day(since.violation)}")
    if since.new:
        parts.append(f"{since.new:,} new since the last run")
    if since.returned:
        parts.append(f"{since.returned:,} had been gone before")
    if since.relapses:
        parts.append(f"failed again {plural(since.relapses, 'time')} after it had passed")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def first_seen(at: datetime | None) -> str:
    """Return when a schema finding was first seen; empty without a history."""
    return f"Found since {day(at)}" if at else ""


def day(at: datetime) -> str:
    """Return the day of a time, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"
