"""Workflow commands of GitHub Actions: annotations. A step shows ten of each level; the tenth says what is left."""

from __future__ import annotations

from typing import Final

from order_audit.reports.ci import no_command, text_of
from order_audit.reports.document import Document
from order_audit.reports.findings import Finding, findings

#: Annotations of a level that GitHub shows for a step.
_SHOWN: Final = 10
#: Lines of an annotation.
_LINES: Final = 12
#: The most bytes of a job summary that GitHub takes from a step.
SUMMARY_BYTES: Final = 1024 * 1024
_LEVELS: Final = {"critical": "error", "warning": "warning", "info": "notice"}
_CUT: Final = "\n\nThe summary was cut: GitHub shows 1 MiB of it. The rest is in summary.md.\n"


def commands(document: Document) -> list[str]:
    """Return a command for each open finding, the worst first.

    What the baseline had does not fail the gate, and is a notice.
    """
    by_level: dict[str, list[Finding]] = {"error": [], "warning": [], "notice": []}
    for it in findings(document):
        if it.is_open:
            by_level["notice" if it.state == "known" and not it.fails else _LEVELS[it.severity]].append(it)
    lines = []
    for level, found in by_level.items():
        shown = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
        lines += [_command(level, it) for it in shown]
        if rest := len(found) - len(shown):
            lines.append(f"::{level} title=order-audit::{rest:,} more findings are in report.html and results.json")
    return lines


def summary(text: str, room: int = SUMMARY_BYTES) -> str:
    """Return a summary cut at the end of a line so that it and a last sentence fit into `room` bytes."""
    if len(text.encode()) <= room:
        return text
    kept = text.encode()[: room - len(_CUT.encode())].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + _CUT


def _command(level: str, it: Finding) -> str:
    place = f"file={_property(it.place.file)},line={it.place.line}," if it.place else ""
    return f"::{level} {place}title={_property(it.rule)}::{_data(_cut(text_of(it)))}"


def _cut(text: str) -> str:
    lines = text.split("\n")
    more = [f"… ({len(lines) - _LINES:,} more lines in report.html)"] if len(lines) > _LINES else []
    return "\n".join([*lines[:_LINES], *more])


def _data(text: str) -> str:
    return no_command(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
