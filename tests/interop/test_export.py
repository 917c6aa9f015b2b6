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
    return audited(database, RULES, tmp_path_factory.mktemp("audit"))


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


def test_wrong_use(tmp_path: Path) -> None:
    done = order_audit("export", "--suite", str(RULES), "--to", "xml", "--out", str(tmp_path / "out"))
    assert (done.returncode, "--to xml: the formats are odcs, dbt" in done.stderr) == (2, True), done.stderr
    (tmp_path / "out").write_text("")
    done = order_audit("export", "--suite", str(RULES), "--to", "odcs", "--out", str(tmp_path / "out"))
    assert (done.returncode, "out exists: name another --out" in done.stderr) == (2, True), done.stderr
