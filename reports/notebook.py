"""A result as a notebook shows it: verdict, numbers, and the first findings, as HTML without styles of its own."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from order_audit.reports import totals
from order_audit.reports.document import Document
from order_audit.reports.escaping import plain
from order_audit.reports.findings import findings
from order_audit.reports.formatting import MARKS, plural

#: Findings that are shown.
_SHOWN: Final = 20
_ROW: Final = Markup("<tr><td>{}&#160;{}</td><td>{}</td><td><code>{}</code></td>{}</tr>")
_STATE: Final = Markup("<td>{}</td>")


def notebook(document: Document) -> str:
    """Render the HTML. All text is escaped, and masked as in the result."""
    run, summary = document.run, document.summary
    verdict = "passed" if summary.gate.passed else "failed"
    lines = [Markup("<p><strong>Audit of {}: {}</strong></p>").format(plain(run.database.name), verdict)]
    if not run.complete:
        lines.append(Markup("<p>Interrupted: this audit is not complete.</p>"))
    if summary.gate.reasons:
        lines.append(
            Markup("<ul>{}</ul>").format(
                Markup().join(Markup("<li>{}</li>").format(plain(it)) for it in summary.gate.reasons)
            )
        )
    numbers = f"{summary.passed:,} of {summary.judged:,} expectations passed"
    lines.append(Markup("<p>{}{}</p>").format(numbers, f"; {text}" if (text := totals.sentence(document)) else ""))
    shown = [it for it in findings(document) if it.is_open]
    if shown:
        state = Markup("<th>state</th>") if any(it.state for it in shown) else Markup()
        head = Markup("<tr><th>severity</th><th>finding</th><th>rule</th>{}</tr>").format(state)
        rows = [
            _ROW.format(
                MARKS[it.severity], it.severity, it.message, plain(it.rule), _STATE.format(it.state) if state else ""
            )
            for it in shown[:_SHOWN]
        ]
        lines.append(Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(head, Markup().join(rows)))
    if (rest := len(shown) - _SHOWN) > 0:
        lines.append(Markup("<p>and {}; all of them: <code>result.findings()</code></p>").format(
            plural(rest, "more finding")))  # fmt: skip
    return str(Markup("\n").join(lines))
