"""A result as JUnit XML: each rule is a test case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree

from order_audit.expectations.names import area_and_name
from order_audit.reports import limit_text, measure_text, schema_findings
from order_audit.reports.control_characters import clean
from order_audit.reports.document import Document, Result, SchemaFinding, encode
from order_audit.reports.formatting import plural

#: Characters that XML 1.0 cannot hold, even escaped.
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

#: The number of schema findings per rule that are listed.
_LISTED: Final = 20
#: The violations of a rule whose keys are listed: GitLab reads files of up to 30 MB, and no very long text in them.
_KEYS: Final = 100


def junit(document: Document) -> str:
    """Render the XML. Failed rules are failures, errored rules errors, rules that were not judged skipped.

    Schema rules are a separate suite. Its cases fail only at severities that fail the gate.
    """
    root = ElementTree.Element("testsuites", name="order-audit")
    name, began = _clean(document.run.database.name), encode(document.run.started_at)
    suites = [_expectations(document, ElementTree.SubElement(root, "testsuite", name=name, timestamp=began))]
    if document.schema_rules:
        suite = ElementTree.SubElement(root, "testsuite", name=f"{name}: schema", timestamp=began)
        suites.append(_schema(document, suite))
    for key in ("tests", "failures", "errors"):  # the JUnit schema allows no `skipped` here
        root.set(key, str(sum(suite[key] for suite in suites)))
    root.set("time", _seconds(sum(result.duration_ms for result in document.results)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _expectations(document: Document, suite: ElementTree.Element) -> dict[str, int]:
    results = document.results
    _properties(suite, results)
    for result in results:
        area, name = area_and_name(result.rule)
        case = _case(suite, area or result.suite, name, result.duration_ms)
        _verdict(case, result)
    return _count(suite, sum(result.duration_ms for result in results))


def _properties(suite: ElementTree.Element, results: Iterable[Result]) -> None:
    """Add the numbers, owner, tags and links of each rule. The schema of JUnit allows properties of a suite only."""
    known = [
        (f"{name}[{result.rule}]", value)
        for result in results
        for name, value in {**_numbers(result), **_about(result), "links": ", ".join(result.links)}.items()
        if value
    ]
    if known:
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in known:
            ElementTree.SubElement(properties, "property", name=_clean(name), value=_clean(value))


def _schema(document: Document, suite: ElementTree.Element) -> dict[str, int]:
    fail_on = document.summary.gate.fail_on_schema
    by_rule: dict[str, list[SchemaFinding]] = {}
    for result in document.schema_findings:
        by_rule.setdefault(result.rule, []).append(result)
    for rule in document.schema_rules:
        area, _, name = rule.rule.rpartition(".")
        case = _case(suite, area or "schema", name, 0.0)
        findings = by_rule.get(rule.rule, [])
        failing = schema_findings.failing(findings, fail_on)
        if failing:
            message = f"{failing[0].title}: {plural(len(failing), 'object')}"
            failure = ElementTree.SubElement(case, "failure", type=failing[0].severity, message=_clean(message))
            failure.text = _listed([_suggestion(result) for result in failing], "\n\n")
        elif rule.status == "errored" and fail_on != "never":
            ElementTree.SubElement(case, "error", type="errored", message=_clean(rule.reason))
        elif rule.status != "checked":
            outcome = "errored" if rule.status == "errored" else "not checkable"
            ElementTree.SubElement(case, "skipped", message=_clean(f"{outcome}: {rule.reason}"))
        if rest := [_line(result) for result in findings if not schema_findings.failing([result], fail_on)]:
            ElementTree.SubElement(case, "system-out").text = _listed(rest)
    counts = _count(suite, 0.0)
    if unused := [f"unused suppression: {it.rule} {it.what}: {it.words}" for it in document.unused_suppressions]:
        ElementTree.SubElement(suite, "system-out").text = _clean("\n".join(unused))
    return counts


def _suggestion(result: SchemaFinding) -> str:
    """Return the message, the suggestion and its outcome."""
    outcome = schema_findings.outcome_lines(result.outcome) if result.outcome else []
    return "\n".join([result.message, result.suggestion, *outcome])


def _line(result: SchemaFinding) -> str:
    """Return the line of a schema finding that does not fail."""
    accepted = f" (accepted: {result.accepted})" if result.accepted else ""
    return f"{result.severity}: {result.message}{accepted}"


def _listed(lines: list[str], between: str = "\n") -> str:
    more = [f"and {len(lines) - _LISTED:,} more"] if len(lines) > _LISTED else []
    return _clean(between.join([*lines[:_LISTED], *more]))


def _case(suite: ElementTree.Element, area: str, name: str, milliseconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=_clean(area), name=_clean(name), time=_seconds(milliseconds)
    )


def _count(suite: ElementTree.Element, milliseconds: float) -> dict[str, int]:
    """Count the cases of a suite by outcome, set its attributes and return them."""
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counts = {"tests": len(suite.findall("testcase"))}
    counts |= {key: len(suite.findall(f"testcase/{kind}")) for key, kind in kinds.items()}
    for key, count in counts.items():
        suite.set(key, str(count))
    suite.set("time", _seconds(milliseconds))
    return counts


def _verdict(case: ElementTree.Element, result: Result) -> None:
    match result.status:
        case "failed" if not result.open:
            message = f"suppressed: {plural(result.violations, 'violation')}: {result.title}"
            ElementTree.SubElement(case, "skipped", message=_clean(message))
        case "failed" if result.measure is not None:
            message = f"{result.title}: {measure_text.line(result)}"
            failure = ElementTree.SubElement(case, "failure", type=result.severity, message=_clean(message))
            failure.text = _clean(_detail(result))
        case "failed":
            message = f"{result.title}: {plural(result.violations, 'violation')}"
            if result.rows > result.violations:
                message += f" ({result.rows:,} rows: the key repeats)"
            if result.checked is not None:
                message += f" in {plural(result.checked, 'row')}"
            if result.suppressed:
                message += f", {result.suppressed:,} of them suppressed"
            if result.tolerate:
                message += f"; {limit_text.levels(result)}"
            failure = ElementTree.SubElement(case, "failure", type=result.severity, message=_clean(message))
            failure.text = _clean(_detail(result))
        case "passed" if result.measure is not None:
            ElementTree.SubElement(case, "system-out").text = _clean(measure_text.line(result))
        case "passed" if result.is_tolerated:
            ElementTree.SubElement(case, "system-out").text = _clean(
                f"{limit_text.tolerance(result)}\n{_detail(result)}"
            )
        case "errored":
            error = ElementTree.SubElement(case, "error", type="errored", message=_clean(result.error))
            error.text = _clean(result.sql)
        case "not_selected":
            ElementTree.SubElement(case, "skipped", message="not selected by --rule, --tag and --exclude")
        case "skipped" | "not_checkable":
            ElementTree.SubElement(
                case, "skipped", message=_clean(f"{result.status.replace('_', ' ')}: {result.reason}")
            )


def _detail(result: Result) -> str:
    measured = [result.measure.column] if result.measure else []
    keys = [name.strip() for name in (*result.key.split(","), *measured) if name]
    shown = ["; ".join(f"{key}={row.get(key)}" for key in keys) for row in result.examples[:_KEYS]]
    rest = result.violations - len(shown)
    about = [f"{name}: {value}" for name, value in _about(result).items() if value]
    more = [f"and {rest:,} more"] if rest > 0 else []
    return "\n".join([result.why, *about, *result.links, "", *shown, *more, "", result.sql])


def _numbers(result: Result) -> dict[str, str]:
    """Return violating keys, suppressed ones and impact of a rule with violations."""
    if not result.violations:
        return {}
    impact = {f"impact.{name}": str(value) for name, value in (result.impact or {}).items()}
    suppressed = {"suppressed": str(result.suppressed)} if result.suppressed else {}
    return {"violations": str(result.violations), **suppressed, **impact}


def _about(result: Result) -> dict[str, str]:
    return {"owner": result.owner, "tags": ", ".join(result.tags)}


def _clean(text: str) -> str:
    return _UNWRITABLE.sub(lambda result: f"\\u{ord(result[0]):04x}", clean(text))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"
