"""What the history says of an audit, in words: since when findings stand, what is unusual."""

from __future__ import annotations

from datetime import UTC, datetime

from order_audit.reports.document import Document, HistoryUse, Standing
from order_audit.reports.formatting import MARKS, plural


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


def used(use: HistoryUse) -> str:
    """Return how many figures were judged against their own past, and how many have too short a past."""
    text = f"{plural(use.judged, 'figure')} judged against {plural(use.runs, 'earlier run')}"
    if use.judged and not use.anomalies:
        text += ", none of them unusual"
    if use.not_enough:
        text += (
            f"; not enough for {use.not_enough:,}, which {'has' if use.not_enough == 1 else 'have'} fewer than 14 runs"
        )
    return f"{text}."


def unusual(document: Document) -> list[str]:
    """Return a line for each unusual figure, the worst first."""
    found = document.history.anomalies if document.history else ()
    return [f"{MARKS[it.severity]} unusual  {it.message}" for it in found]


def grave(document: Document) -> str:
    """Return the number of critical unusual figures; empty without any."""
    found = document.history.anomalies if document.history else ()
    count = sum(it.severity == "critical" for it in found)
    return plural(count, "critical unusual figure") if count else ""
