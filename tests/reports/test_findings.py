"""The one list of findings, and the formats of CI systems that are made of it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from order_audit.audit.formats import asked_formats, detected
from order_audit.reports.ci import azure, github, gitlab, sarif, tap
from order_audit.reports.document import encode
from order_audit.reports.findings import Finding, Place, findings
from order_audit.reports.writers import DEFAULT
from tests.reports.documents import found
from tests.support.results import GATE, typed

#: What would be a command of its own, or end one.
HOSTILE = "a::error::b\n::add-mask::c\r##vso[task.complete]d;e,f%0A"


@pytest.fixture(scope="module")
def empty(audits: dict[str, Path]) -> dict[str, Any]:
    """A result without a finding."""
    document: dict[str, Any] = json.loads((audits["sample"] / "results.json").read_text(encoding="utf-8"))
    document |= {"results": [], "schema_findings": [], "suppressions": []}
    document["summary"]["gate"] = GATE
    return document


def _of(empty: dict[str, Any], *results: dict[str, Any], **parts: Any) -> Any:
    return typed(copy.deepcopy(empty) | {"results": list(results)} | parts)


def _schema(**fields: Any) -> dict[str, Any]:
    return {
        "rule": "schema.money_is_exact", "title": "Money in an unsuitable type", "severity": "warning",
        "object": "shop.price", "message": "shop.price is double precision", "evidence": {}, "suggestion": "alter",
        "remedy": "statement",
    } | fields  # fmt: skip


def test_the_worst_come_first(empty: dict[str, Any]) -> None:
    """What fails the gate, then by severity, new ones, number; what is resolved or suppressed at the end."""
    failing = GATE | {"failures": [{"kind": "failed", "severity": "critical", "rules": [{"rule": "a.b", "count": 1}]}]}
    baseline = {"new": 0, "known": 3, "resolved": 0}
    document = _of(
        empty,
        found("a.gone", "passed", baseline={"new": 0, "known": 0, "resolved": 4}),
        found("a.suppressed", violations=2, suppressed=2),
        found("a.few", severity="warning", violations=2, baseline=baseline),
        found("a.new", severity="warning", violations=1, baseline=baseline | {"new": 1}),
        found("a.many", severity="warning", violations=3, baseline=baseline),
        found("a.b"),
        found("a.fine", "passed"),
        found("a.skipped", "skipped"),
        schema_findings=[_schema(), _schema(object="shop.rate", baseline="new")],
        resolved_schema_findings=[_schema(object="shop.cost")],
        suppressions=[
            {"rule": "a.suppressed", "object": "", "reason": "agreed", "at_most": 2, "status": "used", "suppressed": 2},
            {
                "rule": "a.b", "object": "", "reason": "over", "at_most": 1, "status": "expired",
                "expires": "2026-01-01", "place": "order-audit.toml:7",
            },
        ],
        summary=empty["summary"] | {"gate": failing},
    )  # fmt: skip
    listed = [(it.rule, it.object, it.state, it.is_open, it.fails) for it in findings(document)]
    assert listed == [
        ("a.b", "orders", "", True, True),
        ("a.b", "up to 1 violation", "", True, True),
        ("a.new", "orders", "new", True, False),
        ("schema.money_is_exact", "shop.rate", "new", True, False),
        ("a.many", "orders", "known", True, False),
        ("a.few", "orders", "known", True, False),
        ("schema.money_is_exact", "shop.price", "", True, False),
        ("a.suppressed", "orders", "", False, False),
        ("a.gone", "orders", "resolved", False, False),
        ("schema.money_is_exact", "shop.cost", "resolved", False, False),
    ]
    last = findings(document)[1]
    assert last.place == Place("order-audit.toml", 7)
    assert findings(document)[-3].suppressed == "agreed"


def test_a_fingerprint_is_that_of_the_finding_alone(empty: dict[str, Any]) -> None:
    """No number, value, place or severity changes it; another rule or object does. Written down: it must not change."""
    one, other = (
        findings(_of(empty, found("a.b", violations=count, severity=severity, file=file, line=line)))[0].fingerprint
        for count, severity, file, line in ((1, "critical", "x.sql", 1), (9, "info", "mine/y.sql", 30))
    )
    assert one == other == "6c14739af5ae7a015f3d99ad7885e501248753ae6a7ebbe0819bb2b7f38314a5"
    assert len({it.fingerprint for it in findings(_of(empty, found("a.b"), found("a.c"), found("b", table="t")))}) == 3


def test_a_place_is_a_file_that_a_reader_can_open(empty: dict[str, Any]) -> None:
    """Of the user's suite below the working folder, or where its query failed; the included suites have none."""

    def place(**fields: Any) -> Place | None:
        return findings(_of(empty, found("a.b", **fields)))[0].place

    assert place(file="mine/a/b.sql", line=7) == Place("mine/a/b.sql", 7)
    assert place(file="mine/a/b.sql", line=7, status="errored") == Place("a.sql", 3)
    assert [place(file=it, line=7) for it in ("/srv/mine/a/b.sql", "../mine/a/b.sql")] == [None, None]
    assert place() is None
    linted = findings(_of(empty, schema_findings=[_schema(place={"file": "ddl/shop.sql", "line": 12})]))
    assert linted[0].place == Place("ddl/shop.sql", 12)


def test_github_shows_ten_of_each_level(empty: dict[str, Any]) -> None:
    """So the tenth says how many are left; known findings are notices."""
    many = [found(f"a.r{number}", violations=number) for number in range(1, 15)]
    known = found("a.known", baseline={"new": 0, "known": 1, "resolved": 0}, file="mine/a,b.sql", line=3)
    lines = github.commands(_of(empty, *many, known))
    assert [it.split()[0] for it in lines] == ["::error"] * 10 + ["::notice"]
    assert lines[0].startswith("::error title=a.r14::Title of a.r14: 14 violations in 200 rows%0AIt costs money.%0A")
    assert lines[9] == "::error title=order-audit::5 more findings are in report.html and results.json"
    long = github.commands(_of(empty, schema_findings=[_schema(suggestion="alter\n" * 30)]))
    assert long[0].endswith("%0Aalter%0A… (20 more lines in report.html)")
    assert lines[10].startswith("::notice file=mine/a%2Cb.sql,line=3,title=a.known::")


def test_a_text_is_no_command(empty: dict[str, Any]) -> None:
    """Neither ends it, nor begins another."""
    document = _of(empty, found(HOSTILE, title=HOSTILE, why=HOSTILE, file=HOSTILE, line=1))
    for line in github.commands(document):
        assert not {*"\r\n"} & {*line}
        properties, _, data = line.removeprefix("::error ").partition("::")
        assert properties.count(",") == 2
        assert "%250A" in data
    for line in azure.commands(document):
        assert not {*"\r\n"} & {*line}
        head, _, data = line.removeprefix("##vso[").partition("]")
        assert head.count(";") == 3
        assert "%AZP250A" in data
    text = tap.tap(document)
    assert len(text.splitlines()) == 4
    assert "\\#\\#vso" in text


def test_azure_knows_errors_and_warnings(empty: dict[str, Any]) -> None:
    """What fails the gate and what is critical and new is an error. Of many, the rest is counted."""
    levels = ["critical", "warning", "info"]
    lines = azure.commands(_of(empty, *(found(f"a.{it}", severity=it) for it in levels)))
    assert [it.split(";")[0] for it in lines] == [
        f"##vso[task.logissue type={it}" for it in ("error", "warning", "warning")
    ]
    lines = azure.commands(_of(empty, *(found(f"a.r{number}") for number in range(60))))
    assert lines[50:] == ["##vso[task.logissue type=warning]10 more findings are in report.html and results.json"]
    assert azure.upload("/srv/a\nb") == "##vso[task.uploadsummary]/srv/a%0Ab"


def test_gitlab_needs_a_place_and_a_fingerprint_of_each(audits: dict[str, Path]) -> None:
    """All fields that it documents, lines from 1, relative paths, fingerprints that differ."""
    document = typed(json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8")))
    entries = json.loads(gitlab.code_quality(document))
    assert len(entries) == sum(it.is_open for it in findings(document)) > 50
    for it in entries:
        assert set(it) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert it["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert it["description"]
        assert it["check_name"]
        assert not it["location"]["path"].startswith(("/", "."))
        assert it["location"]["lines"]["begin"] >= 1
    assert len({it["fingerprint"] for it in entries}) == len(entries)


def test_sarif_has_states_and_suppressions(empty: dict[str, Any]) -> None:
    """Each result has a state if one has: that is what the standard asks for."""
    gate = GATE | {"baseline": True, "new_violations": {}}
    document = _of(
        empty,
        found("a.new", baseline={"new": 1, "known": 0, "resolved": 0}),
        found("a.known", baseline={"new": 0, "known": 1, "resolved": 0}, suppressed=1),
        found("a.gone", "passed", baseline={"new": 0, "known": 0, "resolved": 4}),
        found("a.broken", "errored"),
        suppressions=[
            {"rule": "a.known", "object": "", "reason": "agreed", "at_most": 2, "status": "used", "suppressed": 1}
        ],
        summary=empty["summary"] | {"gate": gate},
    )
    results = {it["ruleId"]: it for it in json.loads(sarif.sarif(document))["runs"][0]["results"]}
    states = {name: it["baselineState"] for name, it in results.items()}
    assert states == {"a.new": "new", "a.known": "unchanged", "a.gone": "absent", "a.broken": "new"}
    assert [name for name, it in results.items() if "suppressions" in it] == ["a.known"]
    assert results["a.known"]["suppressions"][0]["justification"] == "agreed"


def test_tap_has_a_point_for_each_rule(empty: dict[str, Any]) -> None:
    """That was to be judged; what was not is skipped, and accepted violations are to do."""
    document = _of(
        empty,
        found("a.fine", "passed"),
        found("a.bad"),
        found("a.agreed", suppressed=1),
        found("a.broken", "errored"),
        found("a.none", "not_checkable"),
        found("a.missing", "skipped", missing_tables=["t"]),
        found("a.other", "not_selected"),
    )
    assert tap.tap(document).splitlines() == [
        "TAP version 13",
        "1..6",
        "ok 1 - a.fine: Title of a.fine",
        "not ok 2 - a.bad: Title of a.bad",
        "# critical: 1 violation in 200 rows",
        "not ok 3 - a.agreed: Title of a.agreed # TODO 1 violation in 200 rows, 1 of them suppressed",
        "not ok 4 - a.broken: Title of a.broken",
        "# error: column o.x does not exist (a.sql:3:8)",
        "ok 5 - a.none: Title of a.none # SKIP no table t",
        "not ok 6 - a.missing: Title of a.missing",
        "# skipped: no table t",
    ]


def test_a_summary_is_cut_at_a_line() -> None:
    """And says so; what fits stays as it is."""
    text = "äöü\n" * 100
    assert github.summary(text, len(text.encode())) == text
    cut = github.summary(text, 300)
    assert len(cut.encode()) <= 300
    assert cut.startswith("äöü\näöü\n")
    assert "\n\n\nThe summary was cut" in cut


def test_auto_is_what_the_environment_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default formats, and those of the CI system."""
    assert detected({}) == detected({"GITHUB_ACTIONS": "false", "JENKINS_URL": "x"}) == DEFAULT
    assert detected({"GITHUB_ACTIONS": "true"}) == (*DEFAULT, "github", "sarif")
    assert detected({"GITLAB_CI": "true"}) == (*DEFAULT, "gitlab")
    assert detected({"TF_BUILD": "True"}) == (*DEFAULT, "azure")
    monkeypatch.setenv("GITLAB_CI", "true")
    assert asked_formats("auto,json,tap") == (*DEFAULT, "gitlab", "tap")


def test_findings_are_values(empty: dict[str, Any]) -> None:
    """They can be compared and written down."""
    first, second = (findings(_of(empty, found("a.b")))[0] for _ in range(2))
    assert first == second
    assert isinstance(first, Finding)
    assert encode(first)["rule"] == "a.b"


def test_since_when_they_stand(empty: dict[str, Any]) -> None:
    """By the history: a finding since the first run without a gap, its oldest violation since another one."""
    since = {"finding": "2026-02-03T02:00:00.000Z", "violation": "2026-01-02T02:00:00.000Z", "new": 1, "returned": 2}
    document = _of(
        empty,
        found("a.b", since=since | {"relapses": 1}),
        found("a.c", severity="info"),
        schema_findings=[_schema(since="2026-02-01T02:00:00.000Z")],
    )
    by_rule = {it.rule: it for it in findings(document)}
    assert by_rule["a.b"].since == datetime(2026, 2, 3, 2, tzinfo=UTC)
    assert by_rule["a.b"].details[1] == (
        "Fails since 2026-02-03; its oldest violation stands since 2026-01-02; 1 new since the last run; 2 had been"
        " gone before; failed again 1 time after it had passed"
    )
    assert by_rule["schema.money_is_exact"].details[0] == "Found since 2026-02-01"
    assert by_rule["a.c"].since is None
    assert not [text for text in by_rule["a.c"].details if "since" in text]
