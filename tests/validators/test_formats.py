"""Findings in the formats of others, as their readers see them."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest

from order_audit.reports.ci import gitlab, sarif, tap
from order_audit.reports.findings import findings
from order_audit.reports.junit import junit
from tests.reports.documents import HOSTILE
from tests.support import validators
from tests.support.results import typed

Document = dict[str, Any]


@pytest.fixture(scope="module")
def issues(audits: dict[str, Path]) -> Document:
    made: Document = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return made


def _clean(document: Document) -> None:
    document["results"] = [it for it in document["results"] if it["status"] == "passed"]
    document["schema_findings"] = []


def _hostile(document: Document) -> None:
    for it in document["results"]:
        it |= {"title": HOSTILE, "why": HOSTILE, "file": f"a b/{HOSTILE}.sql", "line": 3, "owner": HOSTILE}
    for it in document["schema_findings"]:
        it |= {"object": HOSTILE, "message": HOSTILE, "accepted": HOSTILE, "place": {"file": "ddl/a b.sql", "line": 1}}


def _compared(document: Document) -> None:
    document["summary"]["gate"]["baseline"] = True
    for number, it in enumerate(document["results"]):
        it["baseline"] = {"new": number % 2, "known": 1, "resolved": 1}
    for it in document["schema_findings"]:
        it["baseline"] = "known"
    document["resolved_schema_findings"] = [document["schema_findings"].pop()]


def _interrupted(document: Document) -> None:
    document["run"]["complete"] = False
    for it in document["results"]:
        it |= {"status": "errored", "error": "cancelled", "violations": 0, "examples": []}


@pytest.mark.parametrize(
    "changed",
    [lambda _: None, _clean, _hostile, _compared, _interrupted],
    ids=["as it is", "clean", "hostile", "compared", "interrupted"],
)
def test_each_reader_takes_each_result(issues: Document, changed: Callable[[Document], None]) -> None:
    """SARIF by its schema, the code quality report by GitLab's documented fields, TAP by a parser, JUnit by another."""
    made = copy.deepcopy(issues)
    changed(made)
    document = typed(made)
    jsonschema.Draft7Validator(validators.sarif_schema()).validate(json.loads(sarif.sarif(document)))
    jsonschema.Draft202012Validator(_CODE_QUALITY).validate(json.loads(gitlab.code_quality(document)))
    points = validators.validate("tap-parser", "-j", text=tap.tap(document), code=int(_has_failed(made)))
    (counted,) = (it[1] for it in json.loads(points) if it[0] == "complete")
    assert counted["count"] == sum(it["status"] != "not_selected" for it in made["results"])
    read = junitparser.JUnitXml.fromstring(junit(document).encode())
    assert read.tests == sum(len(suite) for suite in read)


def _has_failed(made: Document) -> bool:
    return not made["run"]["complete"] or any(it["status"] in ("failed", "errored") for it in made["results"])


#: What GitLab documents of the fields that it reads; it publishes no schema.
_CODE_QUALITY: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def test_the_schemas_refuse_what_is_wrong(issues: Document) -> None:
    """So that what they take is worth something."""
    made = json.loads(sarif.sarif(typed(issues)))
    made["runs"][0]["results"][0]["level"] = "critical"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(validators.sarif_schema()).validate(made)
    entries = json.loads(gitlab.code_quality(typed(issues)))
    entries[0]["location"]["lines"]["begin"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(_CODE_QUALITY).validate(entries)


def test_sarif_tools_counts_the_findings(issues: Document, tmp_path: Path) -> None:
    """By level, as they are."""
    (tmp_path / "findings.sarif").write_text(sarif.sarif(typed(issues)), encoding="utf-8")
    said = validators.validate("sarif", "summary", tmp_path / "findings.sarif")
    counts = {level: int(count) for level, count in re.findall(r"^(error|warning|note): (\d+)$", said, re.MULTILINE)}
    levels = {"critical": "error", "warning": "warning", "info": "note"}
    assert counts == Counter(levels[it.severity] for it in findings(typed(issues)))


def test_junit_has_the_numbers_of_each_rule(issues: Document) -> None:
    """As properties of its suite: the schema allows none of a case."""
    failed = next(it for it in issues["results"] if it["status"] == "failed" and it["impact"])
    suite = next(iter(junitparser.JUnitXml.fromstring(junit(typed(issues)).encode())))
    properties = {it.name: it.value for it in suite.properties()}  # type: ignore[no-untyped-call]
    assert properties[f"violations[{failed['rule']}]"] == str(failed["violations"])
    for name, value in failed["impact"].items():
        assert properties[f"impact.{name}[{failed['rule']}]"] == str(value)
