"""A code quality report of GitLab, for the widget of a merge request."""

from __future__ import annotations

from typing import Any, Final

from order_audit.reports.atomic_files import as_json
from order_audit.reports.ci import place_of
from order_audit.reports.document import Document
from order_audit.reports.findings import Finding, findings

_SEVERITIES: Final = {"critical": "critical", "warning": "major", "info": "info"}
#: Findings that the file has at most: a widget of more has no reader.
_MOST: Final = 5_000


def code_quality(document: Document) -> str:
    """Render the open findings, the worst first."""
    found = [it for it in findings(document) if it.is_open]
    entries = [_entry(it, document) for it in found[:_MOST]]
    if (rest := len(found) - _MOST) > 0:
        entries[-1]["description"] += f" ({rest:,} further findings are left out here: see results.json)"
    return as_json(entries)


def _entry(it: Finding, document: Document) -> dict[str, Any]:
    place = place_of(it, document)
    return {
        "description": it.message,
        "check_name": it.rule,
        "fingerprint": it.fingerprint,
        "severity": _SEVERITIES[it.severity],
        "location": {"path": place.file, "lines": {"begin": place.line}},
    }
