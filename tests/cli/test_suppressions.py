"""Suppressions of a configuration: by key, by number and by object; expired, exceeded and unused ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.cli.support import Done, in_process
from tests.support import servers

HEAD = "-- title: {title}\n-- severity: critical\n-- key: {key}\nselect p.site, p.id from parcels as p where {where}\n"
RULES = {
    "parcels.weight": HEAD.format(title="Weight is negative", key="id", where="p.weight < 0"),
    "parcels.site": HEAD.format(title="Site is strange", key="site, id", where="p.site <> 'a'"),
    "parcels.good": HEAD.format(title="Weight is missing", key="id", where="p.weight is null"),
}
TODAY = datetime.now(UTC).date()
LAST = TODAY - timedelta(days=2)


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> str:
    with psycopg.connect(made := servers.new_database(server_18)) as connection:
        connection.execute("create table parcels (id int primary key, site text, weight int not null)")
        connection.execute("insert into parcels values (1, 'a', -1), (2, 'é', -2), (3, 'a', -3)")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for id, text in RULES.items():
        path = tmp_path.joinpath("mine", *id.split(".")).with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def entry(rule: str, what: str, more: str = "") -> str:
    return f"[[suppress]]\nrule = '{rule}'\n{what}\nreason = 'known since May'\n{more}\n"


def run(dsn: str, folder: Path, entries: str, *words: str) -> tuple[Done, dict[str, Any]]:
    """A run with suppressions, and its results with those of rules by id."""
    (folder / "order-audit.toml").write_text(f"suites = ['mine']\n{entries}", encoding="utf-8")
    words = (*words, *([] if "--fail-on-schema" in words else ["--no-lint"]))
    done = in_process("run", "--out", "out", "--dsn", dsn, "--no-profile", "--quiet", *words, cwd=folder)
    document = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8")) if done.returncode < 2 else {}
    return done, document | {it["rule"]: it for it in document.get("results", ())}


def test_suppressed_keys_fail_no_gate_and_are_shown(dsn: str, project: Path) -> None:
    both = entry("parcels.site", "keys = [['é', 2]]", f"owner = 'data team'\nexpires = {TODAY}")
    done, result = run(dsn, project, entry("parcels.weight", "keys = [1, 3]") + both)
    assert (done.returncode, result["parcels.weight"]["suppressed"]) == (1, 2), done.stdout
    assert result["summary"]["gate"]["reasons"] == ["1 critical expectation failed: parcels.weight (1)"]
    assert "3 of 3, 2 suppressed" in done.stdout
    assert "; 3 suppressed" in done.stdout
    page = (project / "out" / "report.html").read_text(encoding="utf-8")
    assert f"1 violation: known since May (data team, until {TODAY})" in page
    summary = (project / "out" / "summary.md").read_text(encoding="utf-8")
    assert "3 (2 suppressed)" in summary
    assert "- `parcels.weight`: 2 violations: known since May" in summary
    junit = ElementTree.parse(project / "out" / "junit.xml").getroot()
    assert (junit.get("failures"), junit.find(".//testcase[@name='site']/skipped") is not None) == ("1", True)
    done, _ = run(dsn, project, entry("parcels.weight", "keys = ['1', '2', '3']") + both)
    assert done.returncode == 0, done.stdout
    assert "2 expectations failed with suppressed violations only" in done.stdout


@pytest.mark.parametrize(("most", "code", "status"), [(3, 0, "used"), (2, 1, "exceeded")])
def test_a_number_suppresses_all_or_none(dsn: str, project: Path, most: int, code: int, status: str) -> None:
    done, result = run(dsn, project, entry("parcels.weight", f"max = {most}"), "--rule", "parcels.weight")
    assert (done.returncode, result["suppressions"][0]["status"]) == (code, status)
    assert ("? exceeded suppression" in done.stdout) == (status == "exceeded")
    assert result["parcels.weight"].get("suppressed", 0) == (3 if status == "used" else 0)


def test_keys_come_before_a_number(dsn: str, project: Path) -> None:
    entries = entry("parcels.weight", "max = 1") + entry("parcels.weight", "keys = [1, 3]")
    done, result = run(dsn, project, entries, "--rule", "parcels.weight")
    assert (done.returncode, result["parcels.weight"]["suppressed"]) == (0, 3)


def test_an_expired_one_fails_the_gate_even_if_its_rule_passes(dsn: str, project: Path) -> None:
    expired = entry("parcels.good", "max = 5", f"expires = {LAST}")
    done, result = run(dsn, project, expired, "--rule", "parcels.good")
    assert done.returncode == 1
    assert result["summary"]["gate"]["reasons"] == [
        f"1 suppression has expired: parcels.good (up to 5 violations, until {LAST}; order-audit.toml:2)"
    ]
    done, result = run(dsn, project, expired, "--rule", "parcels.site", "--fail-on", "never")
    assert (done.returncode, "suppressions" in result) == (0, False)


def test_unused_ones_are_told(dsn: str, project: Path) -> None:
    entries = entry("parcels.good", "keys = [7]") + entry("parcels.weight", "keys = [1, 8]")
    done, _ = run(dsn, project, entries)
    assert "? unused suppression  parcels.good key 7: known since May; order-audit.toml:2" in done.stdout
    assert "? unused keys of a suppression  parcels.weight 8: known since May" in done.stdout
    assert "parcels.good key 7" in (project / "out" / "report.html").read_text(encoding="utf-8")


def test_new_violations_against_a_baseline_can_be_suppressed(dsn: str, project: Path) -> None:
    run(dsn, project, "")
    (project / "out").rename(project / "before")
    with psycopg.connect(dsn) as connection:
        connection.execute("insert into parcels values (4, 'a', -4), (5, 'a', -5)")
    try:
        words = ("--baseline", "before/results.json")
        done, result = run(dsn, project, entry("parcels.weight", "keys = [1, 4]"), *words)
        assert result["summary"]["gate"]["reasons"] == ["1 critical expectation failed: parcels.weight (1 new)"]
        done, _ = run(dsn, project, entry("parcels.weight", "keys = [4, 5]"), *words)
        assert done.returncode == 0, done.stdout
    finally:
        with psycopg.connect(dsn) as connection:
            connection.execute("delete from parcels where id > 3")


def test_a_schema_finding_is_accepted_until_the_last_day(dsn: str, project: Path) -> None:
    rule = "schema.table_has_timestamps"
    held = entry(rule, "object = 'parcels'", f"expires = {TODAY}")
    done, result = run(dsn, project, held, "--fail-on-schema", "info", "--fail-on", "never")
    found = next(it for it in result["schema_findings"] if it["rule"] == rule)
    assert found["accepted"] == f"known since May (until {TODAY})"
    assert [it["status"] for it in result["suppressions"]] == ["used"]
    done = in_process("lint", "--dsn", dsn, "--rule", rule, "--fail-on", "info", cwd=project)
    assert (done.returncode, "1 accepted" in done.stdout) == (0, True)
    run(dsn, project, entry(rule, "object = 'parcels'", f"expires = {LAST}"))
    done = in_process("lint", "--dsn", dsn, "--rule", rule, "--fail-on", "critical", cwd=project)
    assert (done.returncode, f"? expired suppression  {rule} parcels" in done.stdout) == (1, True)


WRONG = {
    "max = 1\nkeyz = [1]": "8: [[suppress]]: unknown key 'keyz' (did you mean keys?)",
    "": "5: [[suppress]]: give one of object, keys, max, and not none",
    "max = 0": "7: [[suppress]]: max is not a whole number above 0",
    "\n\nkeys = [1.5]": "9: [[suppress]]: write the key 1.5 as a text, as in violations.csv",
    "object = 'parcels'": "6: a suppression of parcels.weight takes keys or max",
    "max = 1\nexpires = '2026-01-01'": "8: [[suppress]]: expires is not a date like 2026-12-31, without quotes",
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("section", ["suppress", "env.ci.suppress"])
def test_a_wrong_suppression_is_refused_with_its_line(project: Path, what: str, section: str) -> None:
    """Of the second of two; an environment that does not apply is checked, too."""
    entries = "[[suppress]]\nrule='a'\nmax=1" + "\nreason = 'b'\n" + entry("parcels.weight", what)
    (project / "order-audit.toml").write_text(entries.replace("[suppress]", f"[{section}]"), encoding="utf-8")
    done = in_process("rules", cwd=project)
    assert (done.returncode, done.stderr) == (2, f"order-audit: order-audit.toml:{WRONG[what]}\n")


def test_a_suppression_of_an_unknown_rule_is_refused(dsn: str, project: Path) -> None:
    done, _ = run(dsn, project, entry("parcels.good", "max = 1") + entry("parcels.wait", "max = 1"))
    assert done.stderr == (
        "order-audit: order-audit.toml:7: [[suppress]]: no rule 'parcels.wait' in the suite mine (did you mean"
        " parcels.weight?); 'order-audit rules --suite mine' lists all\n"
    )
    done, _ = run(dsn, project, entry("schema.nothing", "object = 'a'"))
    assert done.stderr.startswith("order-audit: order-audit.toml:2: [[suppress]]: no rule 'schema.nothing'")
