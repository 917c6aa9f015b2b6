"""What an earlier audit has spared, as sentences."""

from __future__ import annotations

from order_audit.reports.document import Changed, Run
from order_audit.reports.formatting import plural

#: Rules that a sentence names.
_FEW = 3


def lines(run: Run) -> list[str]:
    """Return the sentences; none for an audit on its own."""
    since = run.since
    if since is None:
        return []
    began = f"{since.started_at:%Y-%m-%d %H:%M} UTC"
    if since.whole:
        return [f"all rows were judged, not only what has changed since the audit of {began}: {since.whole}"]
    tables = "; ".join(f"{name} {_changed(changed)}" for name, changed in since.changed.items())
    sentences = [f"changed since the audit of {began}: {tables or 'no table whose changes can be found'}"]
    if since.in_full:
        named = [f"{rule} ({why})" for rule, why in since.in_full.items()]
        more = f"; and {plural(len(named) - _FEW, 'more rule')}" if len(named) > _FEW else ""
        sentences.append(f"judged on all rows: {'; '.join(named[:_FEW])}{more}")
    if since.verified:
        sentences.append(f"{plural(since.verified, 'verdict')} on unchanged keys were tested, and none was another")
    return sentences


def _changed(changed: Changed) -> str:
    parts = [
        f"{number:,} {word}"
        for number, word in ((changed.inserted, "inserted"), (changed.updated, "updated"), (changed.deleted, "deleted"))
        if number
    ]
    return ", ".join(parts) or "unchanged"
