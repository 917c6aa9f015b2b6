"""Measured values in every output: beside their bounds and the values before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import SuiteError, load
from order_audit.fixes.fix import FixError, fixes
from order_audit.reports.document.json_schema import PATH
from tests.support import servers
from tests.support.browser import browsing, opened
from tests.support.program import order_audit

SUITE = {
    "rows": "-- severity: critical\n-- measure: n\n-- at_least: 1000\nselect count(*) as n from t",
    "small": (
        "-- key: site\n-- harmless: site\n-- measure: share\n-- warning: at_most 2 %\n-- critical: at_most 5 %\n"
        "select site, avg((n < 30)::int) as share from t group by site"
    ),
    "gap": "-- severity: info\n-- measure: gap\n-- at_most: 1 hour\nselect interval '1 day 2 hours' as gap",
}


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> Iterator[str]:
    """A table with a thousand rows on two sites."""
    with servers.database(server_18) as name:
        with psycopg.connect(name, autocommit=True) as connection:
            connection.execute("create table t (id int primary key, n int, site text)")
            connection.execute(
                "insert into t select i, i, case when i <= 500 then 'A' else 'B' end from generate_series(1, 1000) as i"
            )
        yield name


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of three measured rules."""
    folder = tmp_path_factory.mktemp("measured")
    for name, text in SUITE.items():
        (folder / f"{name}.sql").write_text(f"-- title: The {name}\n{text}\n")
    return folder


def audited(dsn: str, suite: Path, out: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The document and the output of an audit."""
    words = ("--suite", str(suite), "--out", str(out), "--no-lint", "--no-profile", "--quiet", *options)
    done = order_audit("run", "--dsn", dsn, *words)
    assert done.returncode in (0, 1), done.stderr
    return json.loads((out / "results.json").read_text()), done.stdout


@pytest.fixture(scope="module")
def first(dsn: str, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """An audit, its document and its output."""
    out = tmp_path_factory.mktemp("first")
    return out, *audited(dsn, suite, out)


def test_the_terminal_has_the_values(first: tuple[Path, dict[str, Any], str]) -> None:
    """Of failed rules below their line, of passed rules in one of their own."""
    assert first[2].splitlines()[:7] == [
        "◆ 1 critical   ○ 1 info",
        "◆ small  1 of 2 groups  The small",
        "    A 5.8 %; critical: at most 5 %, warning: at most 2 %",
        "○ gap    1              The gap",
        "    1 day 2 h; at most 1 hour",
        "✓ passed  rows: 1,000; at least 1000",
        "",
    ]


def test_files_have_the_values(first: tuple[Path, dict[str, Any], str]) -> None:
    """The summary, JUnit, and the document, which its schema allows."""
    out, document, _ = first
    summary = (out / "summary.md").read_text()
    assert "The small: A 5.8 %; critical: at most 5 %, warning: at most 2 %" in summary
    assert "- `rows`: 1,000; at least 1000" in summary
    cases = {it.get("name"): it for it in ElementTree.parse(out / "junit.xml").iter("testcase")}
    failure = cases["small"].find("failure")
    assert failure is not None
    assert failure.get("message") == "The small: A 5.8 %; critical: at most 5 %, warning: at most 2 %"
    assert failure.get("type") == "critical"
    assert "site=A; share=" in (failure.text or "")
    assert cases["rows"].findtext("system-out") == "1,000; at least 1000"
    jsonschema.validate(document, json.loads(PATH.read_text()))
    measure = next(it["measure"] for it in document["results"] if it["rule"] == "small")
    assert (measure["column"], measure["unit"]) == ("share", "percent")
    assert measure["bounds"][0] == {
        "severity": "critical", "kind": "at_most", "text": "at most 5 %", "low": None, "high": 0.05
    }  # fmt: skip
    assert [it["group"] for it in measure["values"]] == ["A", "B"]


def test_the_report_draws_values_and_bounds(first: tuple[Path, dict[str, Any], str]) -> None:
    """A gauge for each group, with a line for each bound; also of what has passed."""
    with browsing() as browser, opened(browser, first[0] / "report.html") as page:
        values = page.locator("#values-rule-small")
        assert values.locator("tbody tr").count() == 2
        assert values.locator("tbody tr").first.inner_text().split() == ["A", "5.8", "%", "critical"]
        gauge = values.locator("svg.gauge").first
        assert gauge.locator("path.bound").count() == 2
        assert gauge.locator("title").first.text_content() == "A: 5.8 %"
        ends = [gauge.locator(it).evaluate("it => it.getBoundingClientRect().right") for it in (".bar", ".critical")]
        assert ends[0] > ends[1]  # the bar is beyond the bound
        assert page.locator("#values-rule-rows svg.gauge").count() == 1


def test_a_later_audit_has_the_values_before(
    first: tuple[Path, dict[str, Any], str], dsn: str, suite: Path, tmp_path: Path
) -> None:
    """By `--baseline`, and in a comparison."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("update t set n = 0 where id in (100, 900)")
    document, shown = audited(dsn, suite, tmp_path / "out", "--baseline", str(first[0] / "results.json"))
    assert "A 6 % (before: 5.8 %); critical: at most 5 %" in shown
    values = next(it["measure"]["values"] for it in document["results"] if it["rule"] == "small")
    assert [(it["group"], it["value"], it["previous"]) for it in values] == [
        ("A", "0.06", "0.058"), ("B", "0.002", "0")
    ]  # fmt: skip
    assert document["summary"]["gate"]["passed"]  # the group was out of its bounds before
    files = [str(it / "results.json") for it in (first[0], tmp_path / "out")]
    done = order_audit("compare", *files, "--out", str(tmp_path / "c"))
    assert done.returncode == 0
    assert "small: A 6 % (before: 5.8 %); critical: at most 5 %, warning: at most 2 %" in done.stdout
    assert "rows: 1,000 (before: 1,000); at least 1000" in done.stdout
    compared = json.loads((tmp_path / "c" / "compare.json").read_text())
    measures = {it["rule"]: it["measure"]["values"] for it in compared["rules"]}
    assert measures["small"][0]["previous"] == "0.058"
    page = (tmp_path / "c" / "compare.html").read_text()
    assert "Measured values" in page
    assert "5.8 %" in page


def test_rules_shows_the_measure(suite: Path) -> None:
    """With its bounds; there is nothing to fix."""
    shown = order_audit("rules", "small", "--suite", str(suite)).stdout
    assert "measure   share\nlimit     critical unless at most 5 %\nlimit     warning unless at most 2 %\n" in shown
    assert "fix" not in shown
    assert "key       none: the whole table is one group" in order_audit("rules", "rows", "--suite", str(suite)).stdout


def test_a_measured_rule_has_no_fix(suite: Path, tmp_path: Path) -> None:
    """A file that says otherwise is refused."""
    (tmp_path / "rows.sql").write_text("-- automatic: more rows\n-- update t by id:\nselect v.id, 1 as n from t as v\n")
    with pytest.raises(FixError, match="is a measured rule, which has no rows to fix"):
        fixes(load(suite).rules, tmp_path)


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("-- measure: n", 2, "'measure' needs a bound: one of at_most, at_least, between, equals, warning, critical"),
        ("-- measure: n, m\n-- at_most: 1", 2, "'measure' names one column of the query"),
        ("-- measure: n\n-- at_most: 1", 3, "'at_most' needs 'severity', or write 'critical: at_most …'"),
        (
            "-- measure: n\n-- critical: above 1 %",
            3,
            "critical 'above 1 %' does not begin with one of at_most, at_least,",
        ),
        ("-- severity: info\n-- measure: n\n-- at_most: many", 4, "at_most: 'many' is not a number (0.5, 2 %), a dura"),
        ("-- severity: info\n-- measure: n\n-- at_most: true", 4, "at_most: 'true' has no order: write 'equals: true'"),
        ("-- severity: info\n-- measure: n\n-- equals: 2026-02-30", 4, "equals: there is no time '2026-02-30'"),
        ("-- severity: info\n-- measure: n\n-- between: 5 and 3", 4, "between: 5 is more than 3, so that no value is"),
        ("-- severity: info\n-- measure: n\n-- between: 5", 4, "between: '5' is not 'LOW and HIGH'"),
        (
            "-- severity: info\n-- measure: n\n-- between: 5 and 3 days",
            4,
            "between: '5' and '3 days' have different uni",
        ),
        (
            "-- measure: n\n-- warning: at_most 1\n-- critical: at_most 3 days",
            2,
            "the bounds have different units: dura",
        ),
        (
            "-- severity: info\n-- measure: n\n-- at_most: 1\n-- tolerate: 3 rows",
            5,
            "'tolerate' has no effect on a meas",
        ),
        (
            "-- severity: info\n-- key: n\n-- at_most: 3",
            4,
            "'at_most' bounds a measured value: name its column with 'me",
        ),
    ],
)
def test_a_wrong_header_is_an_error_with_its_line(tmp_path: Path, header: str, line: int, message: str) -> None:
    """One line, before anything is read."""
    (tmp_path / "m.sql").write_text(f"-- title: T\n{header}\nselect 1 as n\n")
    with pytest.raises(SuiteError) as error:
        load(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}/m.sql:{line}: {message}")
