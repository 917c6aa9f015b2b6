"""A result as a message: one documented JSON body, and the same for Slack and for Teams. Each has a size that fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

from order_audit.reports.document import Document, JsonObject, encode
from order_audit.reports.findings import Finding, findings
from order_audit.reports.formatting import MARKS, plural

FORMAT: Final = "order-audit-message/1"
#: The most bytes of a body: of ours, and those that Slack and Teams take of theirs.
_BYTES: Final = {"json": 256 * 1024, "slack": 60 * 1024, "teams": 24 * 1024}
#: Findings that a message to people names.
_NAMED: Final = 15
#: Characters of a line in such a message.
_LINE: Final = 300


def message(document: Document, kind: str) -> bytes:
    """Render a body: `json`, `slack` or `teams`. What does not fit is left out from the end, and counted."""
    found = findings(document)
    make: Callable[[Document, Sequence[Finding], int], JsonObject] = {
        "json": _json, "slack": _slack, "teams": _teams
    }[kind]  # fmt: skip
    kept = found if kind == "json" else [it for it in found if it.is_open][:_NAMED]
    total = len(found) if kind == "json" else sum(it.is_open for it in found)
    while True:
        body = json.dumps(make(document, kept, total - len(kept)), ensure_ascii=False).encode()
        if len(body) <= _BYTES[kind] or not kept:
            return body
        kept = kept[: len(kept) * _BYTES[kind] // (len(body) + 1)]


def _json(document: Document, found: Sequence[Finding], left_out: int) -> JsonObject:
    run, summary = document.run, document.summary
    return {
        "format": FORMAT,
        "run": {
            "id": run.id,
            "started_at": encode(run.started_at),
            "finished_at": encode(run.finished_at),
            "complete": run.complete,
            "database": run.database.name,
            "schema": run.database.schema,
        },
        "gate": {"passed": summary.gate.passed, "reasons": list(summary.gate.reasons)},
        "summary": {
            name: getattr(summary, name)
            for name in ("expectations", "passed", "failed", "errored", "skipped", "not_checkable", "pass_rate")
        },
        "findings": [_finding(it) for it in found],
        "left_out": left_out,
    }


def _finding(it: Finding) -> JsonObject:
    names = ("kind", "rule", "title", "severity", "object", "message", "state", "suppressed", "fails", "count", "owner")
    made = {name: getattr(it, name) for name in names}
    made["since"] = encode(it.since)
    return made | {"fingerprint": it.fingerprint, "place": asdict(it.place) if it.place else None}


def _headline(document: Document) -> str:
    verdict = "passed" if document.summary.gate.passed else "failed"
    if not document.run.complete:
        verdict = "was interrupted"
    return f"Audit of {document.run.database.name} {verdict}"


def _lines(found: Sequence[Finding], left_out: int) -> list[str]:
    lines = [f"{MARKS[it.severity]} {_short(it.message)}{' (new)' * (it.state == 'new')}" for it in found]
    return lines + [f"and {plural(left_out, 'more finding')}"] * (left_out > 0)


def _short(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[: _LINE - 1]}…"


def _slack(document: Document, found: Sequence[Finding], left_out: int) -> JsonObject:
    """Blocks: a header of up to 150 characters, sections of up to 3,000."""
    headline = _headline(document)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": headline[:150], "emoji": False}}
    ]
    texts = (*map(_short, document.summary.gate.reasons[:5]), *_lines(found, left_out))
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": _for_slack(text)}} for text in texts]
    return {"text": _for_slack(headline), "blocks": blocks}


def _for_slack(text: str) -> str:
    """Return a text in which nothing is a link, a mention or formatting of Slack's."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\u200b{letter}" if letter in "*_~`" else letter for letter in text)


def _teams(document: Document, found: Sequence[Finding], left_out: int) -> JsonObject:
    """An adaptive card of version 1.4, as a workflow of Teams takes it."""
    head = {
        "type": "TextBlock",
        "text": _for_teams(_headline(document)),
        "weight": "Bolder",
        "size": "Large",
        "wrap": True,
    }
    texts = (*map(_short, document.summary.gate.reasons[:5]), *_lines(found, left_out))
    body = [head, *({"type": "TextBlock", "text": _for_teams(text), "wrap": True} for text in texts)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _for_teams(text: str) -> str:
    """Return a text without Markdown, which a card would render: a link could be anywhere."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]()#" else letter for letter in text)
