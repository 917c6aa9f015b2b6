"""Findings in the formats of others, as their readers see them."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import socket
import subprocess
import time
import urllib.request
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
from order_audit.reports.openlineage import openlineage
from order_audit.reports.prometheus import prometheus
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


def _full(made: Any) -> Any:
    """A JSON value without empty objects, which the client adds and leaves out."""
    if isinstance(made, dict):
        return {name: _full(it) for name, it in made.items() if it != {}}
    return [_full(it) for it in made] if isinstance(made, list) else made


def test_the_client_of_openlineage_reads_the_events(issues: Document) -> None:
    """Each field, facet and version of a facet: it writes the same again."""
    text = openlineage(typed(issues))
    read = validators.validate("python", Path(__file__).with_name("openlineage_reader.py"), text=text)
    events = [json.loads(line) for line in text.splitlines()]
    assert [_full(json.loads(line)) for line in read.splitlines()] == _full(events)
    assert [it["eventType"] for it in events] == ["START", "COMPLETE"]
    failed = {it["rule"] for it in issues["results"] if it["status"] == "failed"}
    assertions = [
        entry
        for dataset in events[1]["inputs"]
        for entry in dataset["inputFacets"]["dataQualityAssertions"]["assertions"]
    ]
    assert {it["name"] for it in assertions if not it["success"]} == failed
    assert {it["name"] for it in events[1]["run"]["facets"]["test"]["tests"] if it["status"] == "fail"} == failed


def test_prometheus_reads_the_metrics(issues: Document, tmp_path: Path) -> None:
    """Its linter finds nothing, whatever things are called; the node exporter gives each sample on."""
    made = copy.deepcopy(issues)
    _hostile(made)
    made["run"]["database"]["name"] = 'a"b\\c\nd'
    text = prometheus(typed(made))
    assert validators.validate("promtool", "check", "metrics", text=text) == ""
    assert "help" in validators.validate("promtool", "check", "metrics", text=text.replace("# HELP", "#"), code=3)
    (tmp_path / "metrics.prom").write_text(prometheus(typed(issues)), encoding="utf-8")
    samples = {line for line in prometheus(typed(issues)).splitlines() if not line.startswith("#")}
    exported = {re.sub(r"(\S)e\+\d+$", r"\1", line) for line in _exported(tmp_path).splitlines()}
    assert {it.rpartition(" ")[0] for it in samples} <= {it.rpartition(" ")[0] for it in exported}
    assert "node_textfile_scrape_error 0" in exported


def _exported(folder: Path) -> str:
    """What the node exporter with its textfile collector has to say."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
    exporter = subprocess.Popen(
        [validators.tool("prometheus-node-exporter"), *words, f"--web.listen-address=127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                return str(answer.read().decode())
            time.sleep(0.05)
        raise AssertionError("the node exporter does not answer")
    finally:
        exporter.terminate()
        exporter.wait()


def test_junit_has_the_numbers_of_each_rule(issues: Document) -> None:
    """As properties of its suite: the schema allows none of a case."""
    failed = next(it for it in issues["results"] if it["status"] == "failed" and it["impact"])
    suite = next(iter(junitparser.JUnitXml.fromstring(junit(typed(issues)).encode())))
    properties = {it.name: it.value for it in suite.properties()}  # type: ignore[no-untyped-call]
    assert properties[f"violations[{failed['rule']}]"] == str(failed["violations"])
    for name, value in failed["impact"].items():
        assert properties[f"impact.{name}[{failed['rule']}]"] == str(value)
