"""Findings in the formats of CI systems: log commands, code quality, SARIF, TAP. Each is a function of the result."""

from __future__ import annotations

from pathlib import PurePath

from order_audit.reports.document import Document
from order_audit.reports.findings import Finding, Place


def place_of(finding: Finding, document: Document) -> Place:
    """Return a place for formats that need one.

    That of an included rule is its file in the suite. Schema findings without --ddl stand at the beginning of a file
    that is named after the object's table.
    """
    if finding.place:
        return finding.place
    files = {it.rule: it.file for it in document.results}
    if finding.kind == "rule" and (file := files.get(finding.rule)):
        path = PurePath(file)
        return Place("/".join(path.parts[-3:]) if path.is_absolute() else path.as_posix(), 1)
    table = ".".join(finding.object.split(".")[:-1]) or finding.object
    return Place(f"schema/{table.replace('/', '_') or 'database'}.sql", 1)


def text_of(finding: Finding) -> str:
    """Return the message with the details, a line each."""
    return "\n".join([finding.message, *finding.details])
