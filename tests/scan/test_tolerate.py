"""Row rules that tolerate violations, and whose severity depends on their number, in all outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import Amount, Override, SuiteError, check_overrides, load, overridden
from tests.support import servers
from tests.support.program import order_audit

QUERY = "select t.id, t.n from t where t.n < {0}\n"


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> Iterator[str]:
    """A table with a thousand rows, numbered from 1, and an empty one."""
    with servers.database(server_18) as name:
        with psycopg.connect(name, autocommit=True) as connection:
            connection.execute("create table t (id int primary key, n int)")
            connection.execute("insert into t select i, i from generate_series(1, 1000) as i")
            connection.execute("create table bare (id int primary key, n int)")
        yield name


def rule(folder: Path, header: str, below: int, name: str = "few") -> Path:
    """Write a rule that `below - 1` of the rows violate; its folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text(f"-- title: Small number\n-- key: id\n{header}\n{QUERY.format(below)}")
    return folder


def audited(dsn: str, suite: Path, out: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the document and the output of an audit."""
    words = ("--suite", str(suite), "--out", str(out), "--no-lint", "--no-profile", "--quiet", *options)
    done = order_audit("run", "--dsn", dsn, *words)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads((out / "results.json").read_text()), done.stdout


@pytest.mark.parametrize(
    ("header", "violations", "status", "severity"),
    [
        ("-- severity: critical\n-- tolerate: 20 rows", 20, "passed", "critical"),
        ("-- severity: critical\n-- tolerate: 20 rows", 21, "failed", "critical"),
        ("-- severity: critical\n-- tolerate: 0.1 %", 1, "passed", "critical"),  # exactly
        ("-- severity: critical\n-- tolerate: 0.1%", 2, "failed", "critical"),
        ("-- severity: critical\n-- tolerate: 0 %", 0, "passed", "critical"),
        ("-- warning: above 0 rows\n-- critical: above 10 rows", 10, "failed", "warning"),
        ("-- warning: above 0 rows\n-- critical: above 10 rows", 11, "failed", "critical"),
        ("-- warning: above 5 rows\n-- critical: above 1 %", 5, "passed", "critical"),
        ("-- warning: above 5 rows\n-- critical: above 1 %", 10, "failed", "warning"),
        ("-- warning: above 5 rows\n-- critical: above 1 %", 11, "failed", "critical"),
        ("-- severity: info\n-- critical: above 3 rows", 3, "failed", "info"),
        ("-- severity: info\n-- tolerate: 1 row\n-- critical: above 3 rows", 1, "passed", "critical"),
    ],
)
def test_a_rule_fails_above_its_limit_alone(
    dsn: str, tmp_path: Path, header: str, violations: int, status: str, severity: str
) -> None:
    """The limit itself is tolerated, and the gate goes by the severity of the limit that is exceeded."""
    code, document, _ = audited(dsn, rule(tmp_path / "s", header, violations + 1), tmp_path / "out")
    result = document["results"][0]
    assert (result["status"], result["severity"], result["violations"]) == (status, severity, violations)
    assert code == (status == "failed" and severity == "critical")
    assert document["summary"]["pass_rate"] == (100.0 if status == "passed" else 0.0)


def test_every_output_shows_tolerated_violations(dsn: str, tmp_path: Path) -> None:
    """They pass, and are counted and shown."""
    suite = rule(tmp_path / "s", "-- severity: critical\n-- tolerate: 20 rows", 13)
    _, document, shown = audited(dsn, suite, tmp_path / "out")
    words = "12 violations of 1,000 rows, tolerated: at most 20 rows"
    assert f"✓ passed few: {words}; id: 1, 2, 3, 4, 5, …" in " ".join(shown.split())
    assert "gate passed 12 violations of 1 expectation tolerated." in " ".join(shown.split())
    assert "12 violations of 1 expectation tolerated" in (tmp_path / "out" / "report.html").read_text()
    assert f"- `few`: {words}" in (tmp_path / "out" / "summary.md").read_text()
    page = (tmp_path / "out" / "report.html").read_text()
    assert words in page
    assert "fit: all violations are tolerated" in page
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "All violations are tolerated." in text
    assert "No expectation found a violation" not in text
    assert "Violations of failed ones 0 0 0 0 Tolerated violations 12 0 0 12" in text
    assert "without a violation" not in page
    case = ElementTree.parse(tmp_path / "out" / "junit.xml").find(".//testcase[@name='few']")
    assert case is not None
    assert [it.tag for it in case] == ["system-out"]
    assert words in (case.findtext("system-out") or "")
    assert document["results"][0]["tolerate"] == [{"severity": "critical", "above": "20 rows"}]
    assert len((tmp_path / "out" / "violations.csv").read_text().splitlines()) == 13
    assert "limit     critical above 20 rows" in order_audit("rules", "few", "--suite", str(suite)).stdout


def test_more_violations_within_the_limit_are_new_and_pass(dsn: str, tmp_path: Path) -> None:
    """Against a baseline and in a comparison; beyond the limit, the new ones fail the gate."""
    header = "-- severity: critical\n-- tolerate: 20 rows"
    suite = tmp_path / "s"
    audited(dsn, rule(suite, header, 6), tmp_path / "one")
    baseline = ("--baseline", str(tmp_path / "one" / "results.json"))
    code, document, _ = audited(dsn, rule(suite, header, 16), tmp_path / "two", *baseline)
    assert code == 0
    assert document["results"][0]["baseline"] == {"new": 10, "known": 5, "resolved": 0}
    files = [str(tmp_path / name / "results.json") for name in ("one", "two")]
    done = order_audit("compare", *files, "--out", str(tmp_path / "c"))
    assert done.returncode == 0
    assert "10 new" in done.stdout
    assert "Critical violations are new" not in (tmp_path / "c" / "compare.html").read_text()
    code, document, _ = audited(dsn, rule(suite, header, 31), tmp_path / "three", *baseline)
    assert code == 1
    assert document["summary"]["gate"]["new_violations"] == {"few": 25}


def test_a_share_needs_the_number_of_rows(dsn: str, tmp_path: Path) -> None:
    """A computed key has none: the message names the file."""
    (folder := tmp_path / "s").mkdir()
    (folder / "few.sql").write_text(
        "-- title: T\n-- severity: info\n-- key: k\n-- tolerate: 1 %\nselect t.n + 1 as k from t\n"
    )
    _, document, _ = audited(dsn, folder, tmp_path / "out")
    assert document["results"][0]["status"] == "errored"
    assert document["results"][0]["error"] == (
        f"{folder}/few.sql: a share of the checked rows is unknown, because the key k is no column of a table:"
        " tolerate a number of rows"
    )


def test_an_empty_table_has_no_violation(dsn: str, tmp_path: Path) -> None:
    """So that no share of it is exceeded."""
    (folder := tmp_path / "s").mkdir()
    (folder / "few.sql").write_text(
        "-- title: T\n-- severity: info\n-- key: id\n-- tolerate: 1 %\nselect id from bare where n < 1\n"
    )
    _, document, _ = audited(dsn, folder, tmp_path / "out")
    assert (document["results"][0]["status"], document["results"][0]["checked"]) == ("passed", 0)


def test_a_share_is_exact() -> None:
    """No float: 0.07 % of a billion rows are exactly 700,000."""
    amount = Amount.parse("0.07 %")
    assert amount.includes(700_000, 1_000_000_000)
    assert not amount.includes(700_001, 1_000_000_000)
    assert amount.includes(0, 0)


@pytest.mark.parametrize(
    ("header", "line", "message"),
    [
        ("-- severity: info\n-- tolerate: some", 4, "tolerate: 'some' is not an amount: write '20 rows' or '0.1 %'"),
        ("-- severity: info\n-- tolerate: 101 %", 4, "tolerate: 101 % is not between 0 % and 100 %"),
        ("-- tolerate: 1 row", 3, "'tolerate' belongs to 'severity', which the header lacks"),
        ("-- critical: more", 3, "critical 'more' is not 'above 20 rows' or 'above 1 %'"),
        (
            "-- severity: critical\n-- critical: above 2 rows",
            4,
            "'critical' and 'severity: critical' are two limits of one severity",
        ),
        (
            "-- warning: above 9 rows\n-- critical: above 9 rows",
            4,
            "warning above 9 rows never applies: critical begins above 9 rows",
        ),
    ],
)
def test_a_wrong_limit_is_an_error_with_its_line(tmp_path: Path, header: str, line: int, message: str) -> None:
    """One line, before anything is read."""
    folder = rule(tmp_path / "s", header, 1)
    with pytest.raises(SuiteError) as error:
        load(folder)
    assert str(error.value).startswith(f"{folder}/few.sql:{line}: {message}")


def test_a_configured_severity_is_that_of_every_limit(tmp_path: Path) -> None:
    """From the mildest limit on, or of all bounds."""
    rule(tmp_path / "s", "-- warning: above 5 rows\n-- critical: above 1 %", 1)
    (tmp_path / "s" / "n.sql").write_text(
        "-- title: N\n-- measure: n\n-- warning: at_most 1\n-- critical: at_most 5\nselect 1 as n\n"
    )
    few, n = overridden(load(tmp_path / "s").rules, [Override("*", "", severity="info")])
    assert [(it.severity, str(it.above)) for it in few.levels] == [("info", "5 rows")]
    assert n.measure is not None
    assert {few.severity, n.severity, *(it.severity for it in n.measure.bounds)} == {"info"}


@pytest.mark.parametrize(
    ("header", "tolerated", "limits"),
    [
        ("-- severity: critical", "20 rows", ["critical above 20 rows"]),
        ("-- severity: critical\n-- tolerate: 9 %", "0.5 %", ["critical above 0.5 %"]),
        ("-- severity: critical\n-- tolerate: 9 %", "0 %", []),
        (
            "-- warning: above 5 rows\n-- critical: above 9 rows",
            "7 rows",
            ["critical above 9 rows", "warning above 7 rows"],
        ),
        ("-- warning: above 5 rows\n-- critical: above 9 rows", "9 rows", ["critical above 9 rows"]),
        (
            "-- warning: above 5 rows\n-- critical: above 1 %",
            "90 rows",
            ["critical above 1 %", "warning above 90 rows"],
        ),
    ],
)
def test_a_configured_tolerance_is_that_of_the_mildest_limit(
    tmp_path: Path, header: str, tolerated: str, limits: list[str]
) -> None:
    """And of worse limits of the same unit that begin below: what is tolerated passes."""
    rules = load(rule(tmp_path / "s", header, 1)).rules
    (made,) = overridden(rules, [Override("few", "", tolerate=Amount.parse(tolerated))])
    assert [f"{it.severity} above {it.above}" for it in made.levels] == limits
    assert made.severity == (made.levels[0].severity if limits else "critical")


def test_measured_rules_tolerate_nothing(tmp_path: Path) -> None:
    """A pattern that names others, too, leaves them as they are."""
    rule(tmp_path / "s", "-- severity: info", 1)
    (tmp_path / "s" / "n.sql").write_text(
        "-- title: N\n-- measure: n\n-- severity: info\n-- at_most: 1\nselect 1 as n\n"
    )
    rules = load(tmp_path / "s").rules
    every, n = (Override(it, f"c.toml:{line}", tolerate=Amount("3")) for line, it in enumerate("*n", 1))
    assert [len(it.levels) for it in overridden(rules, [every])] == [1, 0]
    check_overrides(rules, [every])
    with pytest.raises(SuiteError, match=r"^c\.toml:2: 'n' matches measured rules alone, which tolerate nothing"):
        check_overrides(rules, [every, n])
