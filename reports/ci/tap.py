"""A result in the Test Anything Protocol (version 13): a test point for each rule that was to be judged."""

from __future__ import annotations

import re
from typing import Final

from order_audit.reports.control_characters import escape
from order_audit.reports.document import Document, Result
from order_audit.reports.findings import count_text

#: What begins a directive, or would end a line.
_SPECIAL: Final = re.compile(r"[#\\]")


def tap(document: Document) -> str:
    """Render the rules in their order. Suppressed violations are to do; what was not judged is skipped."""
    results = [it for it in document.results if it.status != "not_selected"]
    lines = ["TAP version 13", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        lines += _point(number, result)
    if not document.run.complete:
        lines.append("Bail out! The audit was interrupted")
    return "\n".join(lines) + "\n"


def _point(number: int, result: Result) -> list[str]:
    named = f"{number} - {_plain(result.rule)}: {_plain(result.title)}"
    match result.status:
        case "passed":
            return [f"ok {named}"]
        case "failed" if not result.open:
            return [f"not ok {named} # TODO {_plain(count_text(result))}"]
        case "failed":
            return [f"not ok {named}", f"# {_plain(result.severity)}: {_plain(count_text(result))}"]
        case "errored":
            return [f"not ok {named}", f"# error: {_plain(result.error)}"]
    if result.missing_tables and result.status == "skipped":
        return [f"not ok {named}", f"# skipped: {_plain(result.reason)}"]
    return [f"ok {named} # SKIP {_plain(result.reason)}"]


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", escape(" ".join(text.split())))
