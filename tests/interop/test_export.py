"""Exported checks count as the audit does, and as the tools counted them when `make interop` recorded it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from order_audit.audit.database.server import Server
from order_audit.audit.interop.export import export
from tests.interop.ours import audited, exported, prepared
from tests.interop.tools import HOME, Figures
from tests.support import servers
from tests.support.program import order_audit

RULES = HOME / "rules"


@pytest.fixture(scope="module")
def database(servers_by_major: dict[int, Server]) -> Iterator[str]:
    dsn = servers.new_database(servers_by_major[18])
    prepared(dsn)
    yield dsn
    servers.drop_database(servers_by_major[18], dsn)


@pytest.fixture(scope="module")
def figures(database: str, tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """The verdicts and numbers of an audit by the rules."""
    return audited(database, RULES, tmp_path_factory.mktemp("audit"), counted=True)


@pytest.mark.parametrize("to", ["dbt", "odcs"])
def test_an_audit_counts_what_the_tool_has_counted(to: str, figures: Figures) -> None:
    theirs = json.loads((HOME / f"export-{to}.json").read_text(encoding="utf-8"))["checks"]
    assert {name: it["number"] for name, it in figures.items()} == {name: it["number"] for name, it in theirs.items()}
    assert {it["number"] for it in figures.values()} > {0}


def test_the_exported_queries_count_what_an_audit_counts(database: str, figures: Figures, tmp_path: Path) -> None:
    exported("odcs", tmp_path / "contract.yaml")
    exported("dbt", tmp_path / "tests")
    contract = yaml.safe_load((tmp_path / "contract.yaml").read_text(encoding="utf-8"))
    queries = {rule["name"]: rule["query"] for table in contract["schema"] for rule in table["quality"]}
    with psycopg.connect(database) as connection:
        for rule, figure in figures.items():
            text = (tmp_path / "tests" / f"{rule.replace('.', '__')}.sql").read_text(encoding="utf-8")
            body = re.search(r"\{% raw %\}(.*)\{% endraw %\}", text, re.DOTALL)
            assert body
            of_dbt = connection.execute(f"select count(*) from ({body[1]}) as t").fetchone()
            assert connection.execute(queries[rule]).fetchone() == of_dbt == (figure["number"],), rule


def test_headers_are_carried_over(tmp_path: Path) -> None:
    exported("odcs", tmp_path / "contract.yaml")
    contract = yaml.safe_load((tmp_path / "contract.yaml").read_text(encoding="utf-8"))
    rules = {rule["name"]: rule for table in contract["schema"] for rule in table["quality"]}
    one = rules["trip.station_exists"]
    assert (one["severity"], one["tags"], one["description"], one["mustBe"]) == (
        "critical", ["core", "nightly"], "Trip from an unknown station", 0,
    )  # fmt: skip
    exported("dbt", tmp_path / "tests")
    text = (tmp_path / "tests" / "trip__station_exists.sql").read_text(encoding="utf-8")
    assert "{{ config(severity='error', tags=['core', 'nightly']) }}" in text


@pytest.mark.parametrize(
    ("to", "query", "reason"),
    [
        ("odcs", "select a from t where b = '{table}'", "which a contract replaces"),
        ("odcs", "select a from t where b = '${X}'", "which a contract replaces"),
        ("dbt", "select a from t where b = '{% endraw %}'", "endraw"),
        ("dbt", "select 1 as a where random() > 2", "reads no table"),
    ],
)
def test_a_rule_that_the_tool_would_misread_is_listed(to: str, query: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "r.sql"
    file.write_text(f"-- title: x\n-- severity: info\n-- key: a\n{query}\n")
    done = order_audit("export", "--suite", str(file), "--to", to, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert reason in done.stdout
    assert "0 rules" in done.stdout


MEASURED = "-- key: a\n-- measure: m\n{}\nselect a, m from t"
ROWS = "-- key: a\n{}\nselect a from t"


@pytest.mark.parametrize(
    ("to", "rule", "reason"),
    [
        (
            "dbt",
            MEASURED.format("-- warning: at_most 1\n-- critical: at_most 5"),
            "it has bounds of several severities",
        ),
        ("odcs", MEASURED.format("-- severity: info\n-- at_most: 2026-01-01"), "its bound is a date or time"),
        ("dbt", ROWS.format("-- severity: info\n-- tolerate: 0.1 %"), "it tolerates 0.1 % of the checked rows"),
        ("odcs", ROWS.format("-- warning: above 0 rows\n-- critical: above 9 rows"), "limits of several severities"),
        ("dbt", ROWS.format("-- severity: info\n-- variables: x") + " where a > :x", "the variable 'x' has no value"),
        ("dbt", ROWS.format("-- severity: info\n-- for_each: select 1 as value") + " where a > :value", "is a query"),
    ],
)
def test_a_form_without_an_equivalent_is_listed_with_its_reason(
    to: str, rule: str, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "r.sql"
    file.write_text(f"-- title: x\n{rule}\n")
    made = export([str(file)], to, tmp_path / "out")
    assert made.written == []
    assert [it.origin for it in made.left_out] == ["r"]
    assert reason in made.left_out[0].reason


def test_limits_variables_and_repetition_are_carried_over(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    limits = ROWS.format("-- warning: above 2 rows\n-- critical: above 9 rows")
    (tmp_path / "s" / "limits.sql").write_text(f"-- title: x\n{limits}\n")
    each = ROWS.format("-- severity: info\n-- tolerate: 3 rows\n-- variables: most = 5\n-- for_each: 'a b', c")
    (tmp_path / "s" / "each.sql").write_text(f"-- title: x\n{each} where b = :value and a > :most\n")
    made = export([str(tmp_path / "s")], "dbt", tmp_path / "dbt")
    assert made.written == ["each[a b]", "each[c]", "limits"]
    assert "{{ config(severity='error', error_if='> 9', warn_if='> 2') }}" in (tmp_path / "dbt/limits.sql").read_text()
    text = (tmp_path / "dbt" / "each_a_b.sql").read_text()
    assert "{{ config(severity='warn', warn_if='> 3') }}" in text
    assert "where b = 'a b' and a > 5" in text
    made = export([str(tmp_path / "s")], "odcs", tmp_path / "contract.yaml")
    assert made.written == ["each[a b]", "each[c]"]
    rules = yaml.safe_load((tmp_path / "contract.yaml").read_text())["schema"][0]["quality"]
    assert [(it["id"], it["mustBeLessOrEqualTo"]) for it in rules] == [("each_a_b", 3), ("each_c", 3)]


def test_wrong_use(tmp_path: Path) -> None:
    done = order_audit("export", "--suite", str(RULES), "--to", "xml", "--out", str(tmp_path / "out"))
    assert (done.returncode, "--to xml: the formats are odcs, dbt" in done.stderr) == (2, True), done.stderr
    (tmp_path / "out").write_text("")
    done = order_audit("export", "--suite", str(RULES), "--to", "odcs", "--out", str(tmp_path / "out"))
    assert (done.returncode, "out exists: name another --out" in done.stderr) == (2, True), done.stderr
