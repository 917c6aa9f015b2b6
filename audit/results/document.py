"""The result document: everything an audit found, as `results.json` holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

from order_audit.audit.scans.outcome import Outcome
from order_audit.expectations import Rule
from order_audit.reports.document import Violations

FORMAT: Final = "order-audit/2"
_STATUSES: Final = ("passed", "failed", "errored", "skipped", "not_checkable", "not_selected")


@dataclass(frozen=True)
class Database:
    """Which database was read, and in which snapshot. No address but the host's name, and no password.

    `cluster` is the server's system identifier, empty where the role may not read it.
    """

    server_version: str
    name: str
    host: str
    schema: str
    user: str
    encoding: str
    snapshot: str
    cluster: str = ""


@dataclass(frozen=True)
class Run:
    """One audit."""

    id: str
    started_at: datetime
    finished_at: datetime
    complete: bool
    database: Database
    tables: dict[str, int]
    suites: list[str]
    suite_hashes: dict[str, str]
    versions: dict[str, str]
    statements: int
    milliseconds: float
    masked: bool
    changed_tables: list[dict[str, Any]]


def result(
    run: Run,
    rules: Iterable[Rule],
    outcomes: Mapping[str, Outcome],
    violations: Violations | None,
    repairs: Mapping[str, dict[str, Any]],
    about: Mapping[str, dict[str, Any]],
    sql: Callable[[Rule], str] = lambda rule: rule.sql,
) -> dict[str, Any]:
    """The document, but for the gate's verdict, which `gate.decide` adds.

    `repairs` say by rule how its violations are put right, `about` what else there is to say of it; `sql` gives a
    rule's query as a person can run it on this database.
    """
    results = [
        _rule(rule, outcomes[rule.id], repairs.get(rule.id), sql(rule)) | about.get(rule.id, {}) for rule in rules
    ]
    return {
        "format": FORMAT,
        "run": {
            "id": run.id,
            "started_at": _time(run.started_at),
            "finished_at": _time(run.finished_at),
            "complete": run.complete,
            "changed_tables": run.changed_tables,
            "database": asdict(run.database),
            "tables": {name: {"rows": rows} for name, rows in run.tables.items()},
            "suites": run.suites,
            "suite_hashes": run.suite_hashes,
            "versions": run.versions,
            "scans": run.statements,
            "database_ms": run.milliseconds,
            "masked": run.masked,
        },
        "summary": _summary(results),
        "results": results,
        "violations": asdict(violations) if violations else None,
        "schema_findings": [],
        "schema_rules": [],
        "unused_suppressions": [],
        "profile": {},
    }


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    count = Counter(found["status"] for found in results)
    judged = count["passed"] + count["failed"] + count["errored"]
    rate = round(float(Fraction(100 * count["passed"], judged)), 2) if judged else None
    return {
        "expectations": len(results),
        **{status: count[status] for status in _STATUSES},
        "pass_rate": rate,
    }


def _rule(rule: Rule, outcome: Outcome, repair: dict[str, Any] | None, sql: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rule": rule.id,
        "suite": rule.suite,
        "title": rule.title,
        "severity": rule.severity,
        "status": outcome.status,
        "key": ", ".join(rule.key),
        "key_order": outcome.ordered_by,
        "table": outcome.table or None,
        "checked": outcome.checked,
        "violations": outcome.violations,
        "examples": outcome.examples,
        "impact": asdict(outcome.impact) if outcome.impact else None,
        "why": rule.why,
        "limitations": rule.limitations,
        "fix": repair,
        "guard": None,
        "requires": [str(need) for need in rule.requires],
        "sql": sql,
        "file": rule.path,
        "duration_ms": outcome.milliseconds,
    }
    if outcome.status in ("skipped", "not_checkable"):
        found["reason"] = outcome.reason
        if outcome.missing:
            found["missing_tables"] = list(outcome.missing)
    if outcome.status == "errored" and outcome.trouble is not None:
        trouble = outcome.trouble
        where = f" ({trouble.file}:{trouble.line}:{trouble.column})" if trouble.line else ""
        found["error"] = trouble.message + where
        found["error_at"] = {name: value for name, value in asdict(trouble).items() if name != "message"}
    return found


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
