"""Findings in the formats of CI systems: log commands, code quality, SARIF, TAP. Each is a function of the result."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from order_audit.reports.control_characters import escape
from order_audit.reports.document import Document
from order_audit.reports.findings import Finding, Place

#: What another CI system, or an earlier form of GitHub's commands, looks for anywhere in a line.
_COMMAND: Final = re.compile(r"##(?=vso\[|\[)", re.IGNORECASE)


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


def no_command(text: str) -> str:
    """Return a text in which no CI system finds a command of its own, with its control characters spelled out."""
    return _COMMAND.sub("# #", "\n".join(map(escape, text.split("\n"))))
