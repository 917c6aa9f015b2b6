"""Severities and tolerances by rule and environment that a configuration sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.cli.support import in_process
from tests.support import servers

RULE = "-- title: Weight is negative\n-- severity: critical\n-- key: id\n{0}select id from parcels where weight < {1}\n"
FILE = """suites = ["rules"]

[severity]
"users.*" = "warning"
"users.each[2]" = "info"

[tolerate]
"users.*" = "1 row"
"users.password" = "50 %"

[env.ci.tolerate]
"users.password" = "1 row"
"users.every[3]" = "3 rows"
"""
FILES = {
    "order-audit.toml": FILE,
    "rules/users/password.sql": RULE.format("", "3"),
    "rules/users/each.sql": RULE.format("-- for_each: 2, 3\n", ":value"),
    "rules/users/every.sql": RULE.format("-- for_each: select 3 as value\n", ":value"),
}


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> str:
    with psycopg.connect(made := servers.new_database(server_18)) as connection:
        connection.execute("create table parcels (id int primary key, weight int)")
        connection.execute("insert into parcels select i, i from generate_series(1, 4) as i")
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def audited(dsn: str, folder: Path, *words: str) -> dict[str, Any]:
    """The results of an audit by rule."""
    words = ("--dsn", dsn, "--out", "out", "--format", "json", "--no-lint", "--no-profile", "--quiet", *words)
    done = in_process("run", *words, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    document = json.loads((folder / "out" / "results.json").read_text(encoding="utf-8"))
    return {it["rule"]: (it["status"], it["severity"], it["tolerate"][0]["above"]) for it in document["results"]}


def test_rules_and_instances_by_environment(dsn: str, project: Path) -> None:
    """Two rows violate all of them but `each[2]`, which one does."""
    assert audited(dsn, project) == {
        "users.password": ("passed", "warning", "50 %"),
        "users.each[2]": ("passed", "info", "1 row"),
        "users.each[3]": ("failed", "warning", "1 row"),
        "users.every[3]": ("failed", "warning", "1 row"),
    }
    there = audited(dsn, project, "--env", "ci")
    assert there["users.password"] == ("failed", "warning", "1 row")
    assert there["users.every[3]"] == ("passed", "warning", "3 rows")


def test_what_applies_is_shown_with_its_line(project: Path) -> None:
    """By `config`, and by `rules`."""
    done = in_process("config", "--json", "--env", "ci", cwd=project)
    shown = {it["setting"]: (it["value"], it["source"]) for it in json.loads(done.stdout)["settings"]}
    assert shown["tolerate.users.*"] == ("1 row", "order-audit.toml:8")
    assert shown["tolerate.users.password"] == ("1 row", "order-audit.toml:12 [env.ci]")
    assert "limit     warning above 50 %" in in_process("rules", "users.password", cwd=project).stdout


def test_a_project_for_great_expectations_has_them(dsn: str, project: Path) -> None:
    """`gx export`, too, reads the configuration."""
    done = in_process("gx", "export", "made", "--dsn", dsn, cwd=project)
    assert done.returncode == 0, done.stderr
    (file,) = (project / "made" / "gx" / "expectations").glob("*.json")
    stored = {it["kwargs"]["rule"]: it for it in json.loads(file.read_text())["expectations"] if "rule" in it["kwargs"]}
    assert {id: (it["severity"], it["kwargs"]["tolerate"]) for id, it in stored.items()} == {
        "users.password": ("warning", "50 %"),
        "users.each[2]": ("info", "1 row"),
        "users.each[3]": ("warning", "1 row"),
        "users.every[3]": ("warning", "1 row"),
    }


@pytest.mark.parametrize("section", ["severity", "tolerate"])
@pytest.mark.parametrize(("name", "near"), [("users.pasword", "users.password"), ("users.every[4]", "users.every[3]")])
def test_an_unknown_rule_or_instance_is_named_with_its_line(
    dsn: str, project: Path, section: str, name: str, near: str
) -> None:
    value = "info" if section == "severity" else "1 row"
    (project / "order-audit.toml").write_text(f"suites = ['rules']\n[{section}]\n'{name}' = '{value}'\n")
    done = in_process("run", "--dsn", dsn, "--out", "out", "--quiet", cwd=project)
    assert done.stderr.startswith(
        f"order-audit: order-audit.toml:3: no rule '{name}' in the suite rules (did you mean {near}?)"
    )
    assert done.returncode == 2


def test_a_share_of_unknown_rows_names_the_line_of_the_configuration(dsn: str, project: Path) -> None:
    (project / "rules" / "users" / "password.sql").write_text(
        "-- title: T\n-- severity: info\n-- key: id\nselect id + 1 as id from parcels\n"
    )
    in_process("run", "--dsn", dsn, "--out", "out", "--quiet", "--no-lint", "--no-profile", cwd=project)
    results = json.loads((project / "out" / "results.json").read_text(encoding="utf-8"))["results"]
    said = next(it["error"] for it in results if it["rule"] == "users.password")
    assert said.startswith("order-audit.toml:9: a share of the checked rows is unknown")
