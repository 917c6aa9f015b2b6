"""Findings as SARIF 2.1.0 (OASIS, 2020), for code scanning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from order_audit.reports.atomic_files import as_json
from order_audit.reports.ci import place_of, text_of
from order_audit.reports.document import Document, encode
from order_audit.reports.findings import Finding, findings

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {"critical": "error", "warning": "warning", "info": "note"}
_STATES: Final = {"new": "new", "known": "unchanged", "resolved": "absent", "": "new"}
#: Results that GitHub shows of a file; it takes 25,000.
_MOST: Final = 5_000


def sarif(document: Document) -> str:
    """Render all findings, the worst first. Suppressed ones are marked as such, resolved ones are absent."""
    found = findings(document)
    kept = found[:_MOST]
    rules = list(dict.fromkeys(it.rule for it in kept))
    run = document.run
    made = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "order-audit",
                        "version": run.versions.get("order-audit", version("order-audit")),
                        "rules": _rules(rules, kept, document),
                    }
                },
                "automationDetails": {"id": f"order-audit/{run.database.name}/{run.id}"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The folder that the audit ran in."}}},
                "invocations": [
                    {
                        "executionSuccessful": run.complete,
                        "startTimeUtc": encode(run.started_at),
                        "endTimeUtc": encode(run.finished_at),
                        "toolExecutionNotifications": _notes(len(found) - len(kept), document),
                    }
                ],
                "results": [_result(it, rules.index(it.rule), document) for it in kept],
            }
        ],
    }
    return as_json(made)


def _rules(rules: Iterable[str], found: Sequence[Finding], document: Document) -> list[dict[str, Any]]:
    why = {it.rule: it.why for it in document.results} | {it.rule: it.why for it in document.schema_rules}
    first = {it.rule: it for it in reversed(found)}
    return [
        {
            "id": rule,
            "shortDescription": {"text": first[rule].title},
            **({"fullDescription": {"text": why[rule]}} if why.get(rule) else {}),
            "defaultConfiguration": {"level": _LEVELS[first[rule].severity]},
            "properties": {"tags": ["data-quality", first[rule].kind]},
        }
        for rule in rules
    ]


def _notes(left_out: int, document: Document) -> list[dict[str, Any]]:
    texts = [*document.summary.gate.reasons]
    if left_out > 0:
        texts.append(f"{left_out:,} further findings are left out here: see results.json")
    return [{"level": "note", "message": {"text": text}} for text in texts]


def _result(it: Finding, index: int, document: Document) -> dict[str, Any]:
    place = place_of(it, document)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file), "uriBaseId": "SRCROOT"},
            "region": {"startLine": place.line},
        }
    }
    if it.object:
        location["logicalLocations"] = [{"fullyQualifiedName": it.object}]
    made: dict[str, Any] = {
        "ruleId": it.rule,
        "ruleIndex": index,
        "level": _LEVELS[it.severity],
        "message": {"text": text_of(it)},
        "locations": [location],
        "partialFingerprints": {"orderAudit/v1": it.fingerprint},
        "properties": {"failsGate": it.fails, "violations": it.count, **({"owner": it.owner} if it.owner else {})},
    }
    if document.summary.gate.baseline:
        made["baselineState"] = _STATES[it.state]
    if it.suppressed:
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": it.suppressed}]
    return made
