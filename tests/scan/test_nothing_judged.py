"""Audits without a judged rule: they have lint and profile, and say what to do next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.run import Options
from order_audit.audit.run import run as audit
from tests.support.program import Done, order_audit

OTHERS = "create table orders (id int primary key, total int); create table customers (id int primary key, name text)"
FIRST = "order-audit: no rule can be judged in database "


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def run(dsn: str, out: Path, *words: str) -> Done:
    return order_audit("run", "--out", str(out), "--quiet", *words, DATABASE_URL=dsn)


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def parcels(dsn: str) -> str:
    """A database with one table, which no shipped rule knows."""
    execute(dsn, "create table parcels (parcel_id int primary key, price float8, sent_at timestamp)",
            "insert into parcels values (1, 2.5, now())")  # fmt: skip
    return dsn


OTHERS_OF_THE_NAMES = pytest.mark.parametrize("others", [False, True], ids=["none", "others of the names"])


@pytest.mark.both_versions
@OTHERS_OF_THE_NAMES
def test_shipped_rules_on_other_tables(parcels: str, tmp_path: Path, others: bool) -> None:
    """One line; all other files are written."""
    if others:
        execute(parcels, OTHERS)
    is_told(run(parcels, tmp_path), others)
    found = document(tmp_path)
    assert {it["rule"] for it in found["schema_findings"]} >= {"schema.time_has_zone"}
    assert "price" in found["profile"]["parcels"]["columns"]
    assert (found["summary"]["errored"], found["summary"]["passed"], found["summary"]["pass_rate"]) == (0, 0, None)
    assert found["summary"]["gate"]["reasons"] == ["no rule could be judged"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "parcels" in page
    assert "no rule could be judged" in page


@OTHERS_OF_THE_NAMES
@pytest.mark.parametrize("words", [("--allow-skipped",), ("--fail-on", "never")], ids=" ".join)
def test_no_option_makes_a_pass_of_it(parcels: str, tmp_path: Path, words: tuple[str, ...], others: bool) -> None:
    if others:
        execute(parcels, OTHERS)
    is_told(run(parcels, tmp_path, *words, "--no-lint", "--no-profile"), others)
    wrong = run(parcels, tmp_path, "--suite", "wrong")
    assert "are of an earlier run" in wrong.stderr
    assert (tmp_path / "FAILED.txt").exists()
    is_told(run(parcels, tmp_path, *words, "--no-lint", "--no-profile"), others)
    assert not (tmp_path / "FAILED.txt").exists(), "the files are of this run"
    assert document(tmp_path)["summary"]["gate"]["reasons"] == ["no rule could be judged"]
    assert "no rule could be judged" in (tmp_path / "report.html").read_text(encoding="utf-8")


def is_told(done: Done, others: bool) -> None:
    """Assert that one line says which tables the suite is about."""
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert done.stderr.startswith(FIRST)
    names = "customers with a column customer_id, orders with a column order_id" if others else "customers, orders"
    assert f"the suite 'current' is about tables that are not there: {names}. " in done.stderr
    assert "--suite FOLDER" in done.stderr
    assert "--schema" not in done.stderr
    assert "earlier run" not in done.stderr


def test_missing_tables_are_said_before_lint_and_profile(parcels: str, tmp_path: Path) -> None:
    def note(text: str) -> None:
        raise RuntimeError(text)

    with pytest.raises(RuntimeError, match="no rule can be judged: no table customers, orders; what can be done is"):
        audit(parcels, tmp_path, Options(on_note=note))


def test_a_schema_that_has_the_tables_is_named(parcels: str, tmp_path: Path) -> None:
    execute(parcels, "create schema shop")
    with psycopg.connect(parcels) as connection:
        scenario.load(connection, schema="shop")
    rules_alone = ("--no-lint", "--no-profile")
    done = run(parcels, tmp_path, *rules_alone)
    assert (done.returncode, "--schema shop" in done.stderr) == (3, True)
    assert run(parcels, tmp_path, "--schema", "shop", *rules_alone).returncode in (0, 1)


def test_one_of_the_tables_is_another(parcels: str, tmp_path: Path) -> None:
    """Rules on the other one are judged, and the gate says what was not."""
    with psycopg.connect(parcels) as connection:
        scenario.load(connection)
    execute(parcels, "drop table orders cascade", OTHERS.split(";")[0])
    words = ("--fail-on", "never", "--no-lint", "--no-profile")
    done = run(parcels, tmp_path, *words)
    assert done.returncode == 1
    found = document(tmp_path)
    assert found["summary"]["errored"] == 0
    assert {it["reason"] for it in found["results"] if it["status"] == "skipped"} == {
        "no table orders with a column order_id"
    }
    assert "no table orders with a column order_id" in done.stdout
    assert run(parcels, tmp_path, *words, "--allow-skipped").returncode == 0


def test_rules_of_ones_own_whose_table_is_missing(parcels: str, tmp_path: Path) -> None:
    rule = tmp_path / "mine" / "rule.sql"
    rule.parent.mkdir()
    rule.write_text("-- title: t\n-- severity: info\n-- key: id\nselect p.id from parcls as p\n", encoding="utf-8")
    done = run(parcels, tmp_path / "out", "--suite", str(rule.parent))
    assert (done.returncode, ": no table parcls. Correct the names in the rules" in done.stderr) == (3, True)
    assert document(tmp_path / "out")["profile"]


def test_denied_tables(parcels: str, tmp_path: Path) -> None:
    execute(parcels, "drop role if exists reads_nothing", "create role reads_nothing")
    rule = tmp_path / "mine" / "rule.sql"
    rule.parent.mkdir()
    rule.write_text("-- title: t\n-- severity: info\n-- key: parcel_id\nselect p.parcel_id from parcels as p\n",
                    encoding="utf-8")  # fmt: skip
    try:
        done = run(parcels + " options='-c role=reads_nothing'", tmp_path / "out", "--suite", str(rule.parent))
        assert done.returncode == 3
        assert ": permission denied for table parcels" in done.stderr
        assert "Grant select on parcels to reads_nothing" in done.stderr
    finally:
        execute(parcels, "drop role reads_nothing")


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--fail-on-schema", "warning"), 1)], ids=["", "schema"])
def test_no_rules_were_asked_for(parcels: str, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    done = run(parcels, tmp_path, "--suite", "none", *words)
    assert (done.returncode, done.stderr) == (code, "")
    assert "no rules were run\n" in done.stdout
    assert "0 of 0" not in done.stdout + (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "No rules were run." in (tmp_path / "report.html").read_text(encoding="utf-8")
    found = document(tmp_path)
    assert found["results"] == []
    assert found["profile"].keys() == {"parcels"}
    assert found["schema_findings"]
    assert found["summary"]["gate"]["passed"] == (code == 0)


def test_lint_and_profile_can_be_quiet(parcels: str) -> None:
    for words in (["lint", "--rule", "schema.time_has_zone"], ["profile"]):
        done = order_audit(*words, "--quiet", DATABASE_URL=parcels)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_results_do_not_mix_with_the_files_of_a_suite(tmp_path: Path) -> None:
    """Nor of fixes; before a database is asked. A wrong suite is named before a missing --out."""
    for name in ("checks/rules", "checks/rules/area", "checks/fixes"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.sql").write_text("-- title: t\n-- severity: info\n-- key: id\nselect 1 as id\n")
    rules, fixes = tmp_path / "checks" / "rules", tmp_path / "checks" / "fixes"
    for out in (rules, rules / "area", fixes):
        done = run("host=/nowhere", out, "--suite", str(rules), "--fixes", str(fixes))
        assert (done.returncode, f"--out: {out} has the files of " in done.stderr) == (2, True), done.stderr
    apart = run("host=/nowhere", rules / "out", "--suite", str(rules))
    assert apart.returncode == 3, apart.stderr
    done = order_audit("run", "--suite", str(tmp_path / "checks" / "ruls"))
    assert "ruls" in done.stderr, done.stderr


def test_none_stands_alone(parcels: str, tmp_path: Path) -> None:
    done = run(parcels, tmp_path, "--suite", "none", "--suite", "current")
    assert (done.returncode, "'none' stands for no rules: name it alone" in done.stderr) == (2, True)
    for words in (["rules"], ["gx", "export", str(tmp_path / "gx")]):
        done = order_audit(*words, "--suite", "none", DATABASE_URL=parcels)
        assert (done.returncode, "has no rules" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["run", "--rule", "orders.status_is_knwn"],
            "(did you mean orders.status_is_known?); 'order-audit rules' lists",
        ),
        (["rules", "orders.status_is_knwn"], "(did you mean orders.status_is_known?); 'order-audit rules' lists all"),
        (["rules", "orders.*"], "'orders.*' is a pattern, which only 'run' and 'lint' take: name one rule"),
    ],
    ids=["run", "rules", "pattern"],
)
def test_a_rule_that_does_not_exist(parcels: str, tmp_path: Path, words: list[str], said: str) -> None:
    out = ["--out", str(tmp_path)] if words[0] == "run" else []
    done = order_audit(*words, *out, DATABASE_URL=parcels)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
