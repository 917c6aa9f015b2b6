"""Logging commands of Azure Pipelines: an issue for each finding, and the summary as a tab of the run."""

from __future__ import annotations

from typing import Final

from order_audit.reports.ci import no_command
from order_audit.reports.document import Document
from order_audit.reports.findings import Finding, findings

#: Issues that are logged; a run shows its first ones only.
_SHOWN: Final = 50


def commands(document: Document) -> list[str]:
    """Return a command for each open finding, the worst first. Azure knows errors and warnings only."""
    found = [it for it in findings(document) if it.is_open]
    lines = [_command(it) for it in found[:_SHOWN]]
    if rest := len(found) - _SHOWN if len(found) > _SHOWN else 0:
        lines.append(f"##vso[task.logissue type=warning]{rest:,} more findings are in report.html and results.json")
    return lines


def upload(summary: str) -> str:
    """Return the command that shows a Markdown file (an absolute path) with the run."""
    return f"##vso[task.uploadsummary]{_data(summary)}"


def _command(it: Finding) -> str:
    level = "error" if it.fails or (it.severity == "critical" and it.state != "known") else "warning"
    place = f"sourcepath={_property(it.place.file)};linenumber={it.place.line};" if it.place else ""
    return f"##vso[task.logissue type={level};{place}code={_property(it.rule)}]{_data(it.message)}"


def _data(text: str) -> str:
    return no_command(text).replace("%", "%AZP25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
