"""`junit.xml` as CI reads it: valid by the xUnit schema, whatever an audit found and whatever things are called."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.reports.document import FailOn
from order_audit.reports.junit import junit
from tests.reports import documents
from tests.support import servers
from tests.support.results import run, typed
from tests.support.xunit import faults

Document = dict[str, Any]
#: Characters that XML cannot contain, that it has to escape, and that end a CDATA section.
HOSTILE = "</testsuite>]]>&amp;<!-- \"'\t\n\r\x00\x1b\ud800\ufffe\U0001f600 -->"


def test_the_schema_refuses_what_is_not_junit() -> None:
    """So that what it takes is worth something: a count where it knows none, a case without a name, another element."""
    text = (
        '<testsuites{}><testsuite name="a" tests="1" failures="0" errors="0"><testcase {}/>{}</testsuite></testsuites>'
    )
    assert faults(text.format("", 'name="b"', "")) == []
    for parts in ((' skipped="0"', 'name="b"', ""), ("", "", ""), ("", 'name="b"', "<passed/>")):
        assert len(faults(text.format(*parts))) == 1


@pytest.mark.parametrize("name", ["sample", "issues"])
def test_audits_are_valid(audits: dict[str, Path], name: str) -> None:
    """With a few findings, and with all; the schema's rules are a second suite."""
    text = (audits[name] / "junit.xml").read_text(encoding="utf-8")
    assert len(ElementTree.fromstring(text)) == 2
    assert faults(text) == []


def _clean(document: Document) -> None:
    for found in document["results"]:
        found |= {"status": "passed", "violations": 0, "examples": []}
    document["schema_findings"] = []


def _nothing(document: Document) -> None:
    document["results"] = document["schema_findings"] = document["schema_rules"] = []


def _interrupted(document: Document) -> None:
    document["run"]["complete"] = False
    for found in document["results"][1:]:
        found |= {"status": "skipped", "reason": "interrupted before it was judged", "violations": 0, "examples": []}
    for rule in document["schema_rules"]:
        rule |= {"status": "errored", "reason": "interrupted before it was judged"}
    document["schema_findings"] = []


def _errored(document: Document) -> None:
    for found in document["results"]:
        found |= {"status": "errored", "error": "division by zero", "violations": 0, "examples": []}
    for rule in document["schema_rules"][::2]:
        rule |= {"status": "errored", "reason": "division by zero"}


def _unjudged(document: Document) -> None:
    for place, found in enumerate(document["results"]):
        status = ("skipped", "not_checkable")[place % 2]
        found |= {"status": status, "reason": "no table parcels", "violations": 0, "examples": []}
    for rule in document["schema_rules"]:
        rule |= {"status": "not_checkable", "reason": "permission denied for table parcels"}


def _without_lint(document: Document) -> None:
    document["schema_findings"] = document["schema_rules"] = []


def _allowed(document: Document) -> None:
    for found in document["schema_findings"][::2]:
        found["accepted"] = "agreed on"
    document["unused_suppressions"] = [{"rule": "schema.time_has_zone", "object": "nowhere", "reason": "gone"}] * 3


def _slow(document: Document) -> None:
    for found in document["results"]:
        found["duration_ms"] = 3_600_000.5


def _hostile(document: Document) -> None:
    """Every text that comes from a database, a file's name or its author."""
    _allowed(document)
    document["run"]["database"]["name"] = HOSTILE
    for place, found in enumerate(document["results"]):
        found |= {"rule": f"{HOSTILE}.{found['rule']}", "title": HOSTILE, "why": HOSTILE, "sql": HOSTILE}
        found["examples"] = [{found["key"]: HOSTILE}]
        if place % 3 == 1:
            found |= {"status": "errored", "error": HOSTILE}
        elif place % 3 == 2:
            found |= {"status": "skipped", "reason": HOSTILE}
    for it in document["schema_findings"]:
        it |= {"title": HOSTILE, "object": HOSTILE, "message": HOSTILE, "suggestion": HOSTILE}
        if "accepted" in it:
            it["accepted"] = HOSTILE
    for rule in document["schema_rules"][::2]:
        rule |= {"status": "errored", "reason": HOSTILE}
    for it in document["unused_suppressions"]:
        it |= {"rule": HOSTILE, "object": HOSTILE, "reason": HOSTILE}


@pytest.mark.parametrize("fail_on_schema", ["never", "critical", "info"])
@pytest.mark.parametrize(
    "changed",
    [_clean, _nothing, _interrupted, _errored, _unjudged, _without_lint, _allowed, _slow, _hostile],
    ids=lambda it: it.__name__.strip("_"),
)
def test_whatever_was_found_is_valid(
    audits: dict[str, Path], changed: Callable[[Document], None], fail_on_schema: FailOn
) -> None:
    """And its counts are those of its cases."""
    document = copy.deepcopy(json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8")))
    document["summary"]["gate"]["fail_on_schema"] = fail_on_schema
    changed(document)
    text = junit(typed(document))
    assert faults(text) == []
    root = ElementTree.fromstring(text)
    kinds = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for suite in root:
        assert {name: int(suite.attrib[name]) for name in kinds} == {
            name: len(list(suite.iter(tag))) for name, tag in kinds.items()
        }
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)


def test_hostile_names_of_a_real_database_are_valid(server_18: Server, tmp_path: Path) -> None:
    """Table, column, rule, folder: named as badly as PostgreSQL and the file system let them be."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
        connection.execute(b'create table "a<b>&""]]>\x1b" ("k<\x7f" text, "v" float); ')
        connection.execute(b'insert into "a<b>&""]]>\x1b" values (\'<x>\x02]]>\', 1)')
    mine = tmp_path / "a&b ]]>"
    mine.mkdir()
    head = "-- title: <b>&amp;</b> ]]>\n-- severity: critical\n"
    (mine / "<found>.sql").write_text(f'{head}-- key: "k<\x7f"\nselect "k<\x7f" from "a<b>&""]]>\x1b"\n')
    (mine / "<lost>.sql").write_text(f'{head}-- key: k\nselect k from "<nowhere>&"\n')
    (mine / "<broken>.sql").write_text(f'{head}-- key: k\nselect "<no>&" as k from orders\n')
    (tmp_path / "allow").write_text("schema.money_is_exact <no>&: ]]>\n")
    document = run(
        dsn,
        tmp_path / "out",
        Options(suites=(str(mine),), formats=("junit",), allow=tmp_path / "allow", fail_on_schema="info"),
    )
    servers.drop_database(server_18, dsn)
    assert [found["status"] for found in document["results"]] == ["errored", "failed", "skipped"]
    assert document["unused_suppressions"]
    assert faults((tmp_path / "out" / "junit.xml").read_text(encoding="utf-8")) == []


def test_a_rule_names_its_first_keys(audits: dict[str, Path]) -> None:
    """However many examples a run keeps: GitLab reads no long text, and no file above 30 MB."""
    document = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    key = {"order_id": "k" * 500, "x": 1}
    document["results"] = [
        documents.found(f"a.r{number}", violations=10_000, examples=[key] * 10_000) for number in range(45)
    ]
    text = junit(typed(document))
    assert len(text) < 5_000_000
    assert text.count("and 9,900 more") == 45
