"""Results as JSON, which tests make and change by the names of its parts, and what the program makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from order_audit.audit import run as audit
from order_audit.reports import gate, gate_text, html
from order_audit.reports.document import Document, JsonObject, Result, decode, encode
from order_audit.reports.document.comparison import Comparison

#: What a gate that passes says.
GATE: JsonObject = {
    "passed": True,
    "reasons": [],
    "failures": [],
    "fail_on": "critical",
    "fail_on_schema": "never",
    "allow_skipped": False,
    "min_pass_rate": None,
    "baseline": False,
    "new_violations": None,
}


def run(dsn: str, out: Path, options: audit.Options) -> JsonObject:
    """Audit a database; gives the result as results.json has it."""
    document: JsonObject = encode(audit.run(dsn, out, options))
    return document


def typed(made: JsonObject) -> Document:
    """A result as values."""
    return decode(Document, made)


def result(made: JsonObject) -> Result:
    """The outcome of a rule, as values."""
    return decode(Result, made)


def compared(made: JsonObject) -> Comparison:
    """A comparison as values."""
    return decode(Comparison, made)


def report_page(made: JsonObject) -> str:
    """The report's page."""
    return html.report(typed(made))


def comparison_page(made: JsonObject) -> str:
    """The comparison's page."""
    return html.comparison(compared(made))


def decided(made: JsonObject, **options: Any) -> JsonObject:
    """The gate's verdict on a result."""
    verdict: JsonObject = encode(gate.decide(typed(made), **options))
    return verdict


def harmless(made: JsonObject) -> str:
    """Why some of what failed did not fail the gate."""
    return gate_text.harmless(typed(made))
