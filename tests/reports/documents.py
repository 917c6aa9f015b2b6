"""Documents that pages are drawn of: written by hand, and full of any text."""

from __future__ import annotations

from typing import Any

from order_audit.reports.document import ImpactMeasure, encode
from order_audit.scenario.domain.impact import IMPACTS
from tests.support.results import GATE

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }}{% raw %} </title></style>--> &lt; 😀"
UNSEEN = "a\u202eb\u200bc\x00d\ud800e\u2028f\x1b[0m\ufeff<i>&lt;</i>"

#: A rule on the schema, but for its id.
SCHEMA_RULE: dict[str, Any] = {"title": "Title", "severity": "info", "status": "checked", "findings": 0, "why": "Why"}
#: Why a rule was skipped.
NO_TABLE = {"kind": "missing_tables", "tables": ["t"]}


def found(rule: str = "orders.amount_is_positive", status: str = "failed", **fields: Any) -> dict[str, Any]:
    """One rule's result."""
    result: dict[str, Any] = {
        "rule": rule,
        "suite": "current",
        "title": f"Title of {rule}",
        "severity": "critical",
        "status": status,
        "key": "order_id",
        "key_order": "number",
        "table": "orders",
        "checked": 200,
        "violations": 0,
        "examples": [],
        "impact": None,
        "why": "It costs money.",
        "limitations": "",
        "fix": None,
        "guard": None,
        "requires": [],
        "sql": "select o.order_id\nfrom orders as o",
        "file": f"current/{rule.replace('.', '/')}.sql",
        "duration_ms": 1.25,
    }
    if status == "failed":
        result |= {
            "violations": 1,
            "examples": [{"order_amount": -5, "order_id": 17}],
            "impact": {"customers": 3, "orders": 5, "amount": 1250},
        }
    if status == "errored":
        result |= {
            "error": "column o.x does not exist (a.sql:3:8)",
            "error_at": {"sqlstate": "42703", "file": "a.sql", "line": 3, "column": 8},
        }
    if status in ("skipped", "not_checkable"):
        result |= {"reason": "no table t", "cause": NO_TABLE, "checked": None, "table": None, "duration_ms": 0.0}
    if status == "not_selected":
        result |= {"checked": None, "table": None, "duration_ms": 0.0}
    return result | fields


def document(*results: dict[str, Any], gate: dict[str, Any] | None = None, **run: Any) -> dict[str, Any]:
    """A result document that holds these."""
    statuses = ("passed", "failed", "errored", "skipped", "not_checkable", "not_selected")
    count = {status: sum(result["status"] == status for result in results) for status in statuses}
    judged = count["passed"] + count["failed"] + count["errored"]
    return {
        "format": "order-audit/2",
        "run": {
            "id": "1de7bd0d",
            "started_at": "2026-03-01T08:00:00.000Z",
            "finished_at": "2026-03-01T08:01:05.000Z",
            "complete": True,
            "changed_tables": [],
            "database": {
                "server_version": "18.1",
                "name": "leads",
                "host": "db.internal",
                "schema": "public",
                "user": "auditor",
                "encoding": "utf8",
                "snapshot": "00000002-1",
                "cluster": "",
            },
            "tables": {"customers": {"rows": 50}, "orders": {"rows": 200}},
            "suites": ["current"],
            "suite_hashes": {},
            "versions": {"order-audit": "0.1.0"},
            "scans": 7,
            "database_ms": 1500.5,
            "masked": True,
        }
        | run,
        "summary": {
            "expectations": len(results),
            **count,
            "pass_rate": round(100 * count["passed"] / judged, 2) if judged else None,
            "rows_affected": [],
            "gate": GATE | (gate or {}),
        },
        "results": list(results),
        "impact_measures": [
            {
                "table": impact.table,
                "measures": [encode(ImpactMeasure(it.name, it.label, it.is_sum, it.about)) for it in impact.measures],
            }
            for impact in IMPACTS
        ],
        "violations": {"file": "violations.csv", "sha256": "ab" * 32, "rows": 5},
        "schema_findings": [],
        "schema_rules": [],
        "unused_suppressions": [],
        "profile": {},
        "ddl": {"tables": [], "reason": ""},
        "requirements": [],
        "questions": [],
        "fixes": None,
    }


def compared(rule: str = "orders.amount_is_positive", **fields: Any) -> dict[str, Any]:
    """One rule of a comparison."""
    return {
        "rule": rule,
        "title": f"Title of {rule}",
        "severity": "warning",
        "before": {"status": "passed", "violations": 0},
        "after": {"status": "passed", "violations": 0},
        "resolved": 0,
        "remaining": 0,
        "new": 0,
        "by_keys": True,
        "note": "",
        "examples": {"resolved": [], "remaining": [], "new": []},
    } | fields


def comparison(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A comparison document that holds these."""
    run = document()["run"]
    kinds = ("resolved", "remaining", "new")
    return {
        "format": "order-audit-comparison/1",
        "before": run | {"pass_rate": 50.0, "gate_passed": False},
        "after": run | {"pass_rate": 97.5, "gate_passed": True, "id": "33a397d9"},
        "by_keys": True,
        "note": "",
        "summary": {kind: sum(rule[kind] or 0 for rule in rules) for kind in kinds}
        | {f"rules_{kind}": sum(bool(rule[kind]) for rule in rules) for kind in kinds},
        "rules": list(rules),
        "fixes": None,
        "requirements": [],
    } | fields


def everything(text: str) -> dict[str, Any]:
    """A document with a rule of each status and this text wherever one can stand."""
    fix = {
        "automatic": text,
        "options": [{"name": text, "does": text, "recommended": True}],
        "leave": text,
        "assumes": text,
        "after": {text: text},
    }
    balances = {
        "kind": "balance",
        "facts": [
            {"customer_id": text, "balance": text, "order_id": text, "order_amount": text}
            | {"live_orders": 2, "live_amount": text}
        ],
    }
    fields: dict[str, Any] = {
        "title": text,
        "why": text,
        "sql": f"select {text}",
        "file": text,
        "suite": text,
        "table": text,
        "fix": fix,
        "guard": {"name": text, "title": text, "requires": [text], "assumes": text, "sql": text},
        "limitations": text,
        "highlight": [text],
        "schema_causes": [{"rule": text, "object": text, "allows": True, "which": text}],
        "diagram": {
            "kind": "lineage",
            "facts": [
                {
                    "keys": [text],
                    "orders": [
                        dict.fromkeys(("order_id", "order_ref", "customer_id", "order_status", "order_amount"), text)
                    ],
                    "missing": [f"{text}?"],
                }
            ],
        },
        "no_diagram_reason": {"reason": text, "help": text},
        "overlaps": [{"rule": f"a.{text}", "rows": 1}, {"rule": f"b.{text}", "rows": 1}],
    }
    results = [
        found(f"a.{text}", **fields, key=f"{text}, order_id", examples=[{text: text, "order_id": 1, "other": [text]}]),
        found(f"b.{text}", **fields, requires=[text])
        | {"table": "customers", "guard": None, "unguarded": text, "diagram": balances},
        found(
            f"c.{text}",
            "errored",
            **fields,
            error=text,
            error_at={"sqlstate": text, "file": text, "line": 1, "column": 2},
        ),
        found(f"d.{text}", "skipped", **fields, reason=text),
        found(f"e.{text}", "skipped", **fields),
        found(f"f.{text}", "not_checkable", **fields, reason=text),
        found(f"g.{text}", "passed", **fields),
    ]
    made = document(
        *results,
        gate={
            "passed": False,
            "reasons": [text],
            "failures": [
                {"kind": "failed", "severity": "critical", "rules": [{"rule": f"a.{text}", "count": 1}]},
                {"kind": "errored", "rules": [{"rule": text}] * 5},
                {"kind": "skipped", "rules": [{"rule": text, "missing_tables": [text, text]}]},
                {"kind": "tables_changed"},
            ],
        },
        changed_tables=[{"table": text, "change": text}],
        id=text,
        database=dict.fromkeys(document()["run"]["database"], text),
        tables={text: {"rows": 3}},
        suites=[text],
        versions={text: text},
    )
    made["violations"] = {"file": text, "sha256": text, "rows": 3}
    read = {"table": text, "columns": {text: [f"a.{text}"], "other": []}}
    made["coverage"] = {"tables": [read], "unknown": [f"g.{text}"]}
    return made


def every_comparison(text: str) -> dict[str, Any]:
    """A comparison with this text wherever one can stand."""
    keys = {"resolved": [text], "remaining": [text, ""], "new": [text]}
    some = {"resolved": 1, "remaining": 2, "new": 30, "examples": keys, "note": text, "title": text}
    run = everything(text)["run"]
    return comparison(
        compared(f"a.{text}", **some),
        compared(f"b.{text}", **some, severity="critical"),
        compared(f"c.{text}", title=text, note=text, resolved=None, remaining=None, new=None, after=None),
        compared(f"d.{text}", title=text),
        compared(f"e.{text}", title=text, before=None),
        before=run | {"pass_rate": None, "gate_passed": False, "complete": False},
        after=run | {"pass_rate": 1.0, "gate_passed": True, "database": dict.fromkeys(run["database"], text + "!")},
        by_keys=False,
        note=text,
    )
