"""A result as JUnit XML: each rule is a test case, so that CI shows them as it shows tests."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

from order_audit.reports import schema_findings
from order_audit.reports.document import Document, Result, SchemaFinding, encode
from order_audit.reports.formatting import plural

#: Characters that XML 1.0 cannot hold, even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: Schema findings of one rule that are told one by one.
_LISTED: Final = 20


def junit(document: Document) -> str:
    """The XML text. Failed rules are failures, errored ones errors, those not judged skipped.

    The rules on the schema are a suite of their own, in which only what the gate was told to fail on fails.
    """
    root = ElementTree.Element("testsuites", name="order-audit")
    name, began = _clean(document.run.database.name), encode(document.run.started_at)
    suites = [_expectations(document, ElementTree.SubElement(root, "testsuite", name=name, timestamp=began))]
    if document.schema_rules:
        suite = ElementTree.SubElement(root, "testsuite", name=f"{name}: schema", timestamp=began)
        suites.append(_schema(document, suite))
    for key in ("tests", "failures", "errors"):  # a schema that readers hold it against knows no `skipped` here
        root.set(key, str(sum(suite[key] for suite in suites)))
    root.set("time", _seconds(sum(found.duration_ms for found in document.results)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _expectations(document: Document, suite: ElementTree.Element) -> dict[str, int]:
    results = document.results
    for found in results:
        area, _, name = found.rule.rpartition(".")
        case = _case(suite, area or found.suite, name, found.duration_ms)
        _verdict(case, found)
    return _count(suite, sum(found.duration_ms for found in results))


def _schema(document: Document, suite: ElementTree.Element) -> dict[str, int]:
    fail_on = document.summary.gate.fail_on_schema
    by_rule: dict[str, list[SchemaFinding]] = {}
    for found in document.schema_findings:
        by_rule.setdefault(found.rule, []).append(found)
    for rule in document.schema_rules:
        area, _, name = rule.rule.rpartition(".")
        case = _case(suite, area or "schema", name, 0.0)
        findings = by_rule.get(rule.rule, [])
        failing = schema_findings.failing(findings, fail_on)
        if failing:
            message = f"{failing[0].title}: {plural(len(failing), 'object')}"
            failure = ElementTree.SubElement(case, "failure", type=failing[0].severity, message=_clean(message))
            failure.text = _listed([f"{found.message}\n{found.suggestion}" for found in failing], "\n\n")
        elif rule.status == "errored" and fail_on != "never":
            ElementTree.SubElement(case, "error", type="errored", message=_clean(rule.reason))
        elif rule.status != "checked":
            said = "could not be judged" if rule.status == "errored" else "not checkable"
            ElementTree.SubElement(case, "skipped", message=_clean(f"{said}: {rule.reason}"))
        if rest := [_told(found) for found in findings if not schema_findings.failing([found], fail_on)]:
            ElementTree.SubElement(case, "system-out").text = _listed(rest)
    counts = _count(suite, 0.0)
    if unused := [f"not needed any more: {it.rule} {it.object}: {it.reason}" for it in document.unused_suppressions]:
        ElementTree.SubElement(suite, "system-out").text = _clean("\n".join(unused))
    return counts


def _told(found: SchemaFinding) -> str:
    """A schema finding that fails nothing."""
    accepted = f" (accepted: {found.accepted})" if found.accepted else ""
    return f"{found.severity}: {found.message}{accepted}"


def _listed(lines: list[str], between: str = "\n") -> str:
    more = [f"and {len(lines) - _LISTED:,} more"] if len(lines) > _LISTED else []
    return _clean(between.join([*lines[:_LISTED], *more]))


def _case(suite: ElementTree.Element, area: str, name: str, milliseconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=_clean(area), name=_clean(name), time=_seconds(milliseconds)
    )


def _count(suite: ElementTree.Element, milliseconds: float) -> dict[str, int]:
    """Write into a suite how many of its cases are what; gives these numbers."""
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {"tests": len(suite)} | {key: len(suite.findall(f"testcase/{kind}")) for key, kind in kinds.items()}
    for key, count in counts.items():
        suite.set(key, str(count))
    suite.set("time", _seconds(milliseconds))
    return counts


def _verdict(case: ElementTree.Element, found: Result) -> None:
    match found.status:
        case "failed":
            message = f"{found.title}: {found.violations:,} violations"
            if found.checked is not None:
                message += f" in {found.checked:,} rows"
            failure = ElementTree.SubElement(case, "failure", type=found.severity, message=_clean(message))
            failure.text = _clean(_detail(found))
        case "errored":
            error = ElementTree.SubElement(case, "error", type="errored", message=_clean(found.error))
            error.text = _clean(found.sql)
        case "not_selected":
            ElementTree.SubElement(case, "skipped", message="not selected by --rule and --exclude")
        case "skipped" | "not_checkable":
            ElementTree.SubElement(case, "skipped", message=_clean(f"{found.status.replace('_', ' ')}: {found.reason}"))


def _detail(found: Result) -> str:
    keys = [name.strip() for name in found.key.split(",")]
    shown = ["; ".join(f"{key}={row.get(key)}" for key in keys) for row in found.examples]
    rest = found.violations - len(shown)
    lines = [found.why, "", *shown, *([f"and {rest:,} more"] if rest > 0 else []), "", found.sql]
    return "\n".join(lines)


def _clean(text: str) -> str:
    return _UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"
