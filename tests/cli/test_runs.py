"""Audits, reports and comparisons on the command line, as people and CI jobs use them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any, Final

import jsonschema
import psycopg
import pytest
from psycopg import conninfo

from order_audit import expectations
from tests.cli.support import Done, Place, in_process, order_audit, variables
from tests.rules import CHECKABLE

FILES: Final = ["junit.xml", "report.html", "results.json", "summary.md", "violations.csv"]


@pytest.fixture(scope="module")
def own_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rules of a user's own, one of which finds nothing."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "large.sql").write_text(
        "-- title: Order of 300 and more\n-- severity: info\n-- key: order_id\n"
        "-- why: To see whether\n--   lines join.\n"
        "select order_id, order_amount from orders where order_amount >= 300;\n",
        encoding="utf-8",
    )
    (folder / "none.sql").write_text(
        "-- title: Order of a million\n-- severity: critical\n-- key: order_id\n"
        "select order_id from orders where order_amount > 1000000\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def runs(
    databases: dict[str, str], own_suite: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Done, Path]]:
    """Audits that end well: sample, issues, the sample in a schema with a suite of one's own."""
    folder = tmp_path_factory.mktemp("runs")
    loaded = in_process("scenario", "load", "--schema", "Crm 2", env={"DATABASE_URL": _with_schema(databases["empty"])})
    assert (loaded.returncode, loaded.stderr) == (0, "")
    asked: dict[str, tuple[list[str], dict[str, str]]] = {
        "sample": ([], {"DATABASE_URL": databases["sample"], "PGDATABASE": "no_such_db"}),
        "issues": (["--quiet"], variables(databases["issues"])),
        "own": (
            [
                "--dsn",
                databases["empty"],
                "--schema",
                "Crm 2",
                "--suite",
                str(own_suite),
                "--format",
                "json,violations",
            ],
            {"DATABASE_URL": "host=/nonexistent"},
        ),
    }

    def audit(name: str) -> tuple[Done, Path]:
        words, env = asked[name]
        out = folder / name / "deep"
        # one of them as people start it
        return (order_audit if name == "sample" else in_process)("run", "--out", str(out), *words, env=env), out

    return {name: audit(name) for name in asked}


def _with_schema(dsn: str) -> str:
    """The database, with a schema that the search path does not name."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create schema if not exists "Crm 2"')
    return dsn


@pytest.fixture(scope="module")
def audits(runs: dict[str, tuple[Done, Path]]) -> dict[str, Path]:
    """The folders that the audits wrote."""
    return {name: out for name, (_, out) in runs.items()}


def _document(folder: Path, name: str = "results.json") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return document


def _keys(folder: Path) -> dict[str, set[str]]:
    keys: dict[str, set[str]] = {}
    with (folder / "violations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            keys.setdefault(row["rule"], set()).add(row["key"])
    return keys


def test_a_run_that_fails_the_gate_exits_1(runs: dict[str, tuple[Done, Path]]) -> None:
    """The sample data holds secrets: DATABASE_URL says where it is, and wins over PGDATABASE."""
    done, out = runs["sample"]
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in out.iterdir()) == FILES
    document = _document(out)
    assert document["summary"]["gate"]["passed"] is False
    assert "orders.delivery_args_hold_no_secret" in document["summary"]["gate"]["reasons"][0]
    assert document["run"]["complete"] is True
    assert "gate failed" in done.stdout


def test_progress_goes_to_stderr(runs: dict[str, tuple[Done, Path]]) -> None:
    """Plain lines where there is no terminal; none of them among the results."""
    done, _ = runs["sample"]
    lines = done.stderr.splitlines()
    assert lines[0] == f"judging rules: 0 of {len(CHECKABLE)}"
    assert lines.pop() == "note: role postgres is a superuser; for an audit, SELECT is enough"
    assert lines[-1] == f"judging rules: {len(CHECKABLE)} of {len(CHECKABLE)}"
    assert all(re.fullmatch(rf"judging rules: \d+ of {len(CHECKABLE)}", line) for line in lines)
    assert "judging rules" not in done.stdout


def test_quiet_prints_nothing_on_stderr(runs: dict[str, tuple[Done, Path]]) -> None:
    """Results are printed all the same; PG* variables say where the database is."""
    done, out = runs["issues"]
    assert done.returncode == 1
    assert done.stderr == ""
    assert "lineage.is_acyclic" in done.stdout
    assert _document(out)["run"]["tables"]["orders"]["rows"] > 100


def test_a_run_that_passes_the_gate_exits_0(runs: dict[str, tuple[Done, Path]], databases: dict[str, str]) -> None:
    """A user's suite in a separate schema: ids by path, only the formats asked for; --dsn wins."""
    done, out = runs["own"]
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["results.json", "violations.csv"]
    document = _document(out)
    assert {found["rule"]: (found["status"], found["violations"]) for found in document["results"]} == {
        "deep.er.large": ("failed", 3),
        "none": ("passed", 0),
    }
    assert document["results"][0]["why"] == "To see whether lines join."
    assert document["run"]["database"]["schema"] == "Crm 2"
    assert document["run"]["database"]["name"] == conninfo.conninfo_to_dict(databases["empty"])["dbname"]
    assert (out / "violations.csv").read_text(encoding="utf-8") == (
        "rule,key\ndeep.er.large,1002\ndeep.er.large,1004\ndeep.er.large,1009\n"
    )
    assert "gate passed" in done.stdout


def test_a_baseline_of_another_database_can_be_taken(
    audits: dict[str, Path], place: Place, databases: dict[str, str]
) -> None:
    """--different allows it; its violations fail nothing, and the terminal says so."""
    words = ["run", "--dsn", databases["sample"], "--quiet", "--baseline", str(audits["issues"] / "results.json")]
    done = in_process(*words, "--out", str(place.out()), "--different")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[lines.index("gate passed") + 1] == (
        "  1 critical expectation failed, without a violation that is new against the baseline; "
        "3 expectations failed, at a severity that does not fail the gate."
    )


def test_results_agree_with_their_schema(audits: dict[str, Path]) -> None:
    """`run --json-schema` prints the schema of every results.json, and does nothing else."""
    done = in_process("run", "--json-schema")
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for out in audits.values():
        assert list(validator.iter_errors(_document(out))) == []
    broken = _document(audits["sample"])
    broken["results"][0]["status"] = "fine"
    assert list(validator.iter_errors(broken)) != []


def test_report_draws_the_same_page_again(audits: dict[str, Path], tmp_path: Path) -> None:
    """From results.json alone, in another folder."""
    (tmp_path / "results.json").write_bytes((audits["issues"] / "results.json").read_bytes())
    out = tmp_path / "new" / "again.html"
    done = in_process("report", str(tmp_path / "results.json"), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{out}\n"
    assert out.read_bytes() == (audits["issues"] / "report.html").read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["again.html"]


def _compare(before: Path, after: Path, out: Path) -> tuple[Done, dict[str, Any]]:
    results = [str(folder / "results.json") for folder in (before, after)]
    done = in_process("compare", *results, "--out", str(out), "--different")  # databases of their own
    assert done.stderr == ""
    return done, _document(out, "compare.json")


def test_audits_of_two_databases_are_not_compared_by_accident(audits: dict[str, Path], tmp_path: Path) -> None:
    results = [str(audits[name] / "results.json") for name in ("sample", "issues")]
    done = in_process("compare", *results, "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "one is of database" in done.stderr
    assert "--different" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("before", "after", "code"), [("sample", "issues", 1), ("issues", "sample", 0)])
def test_compare_counts_exactly(audits: dict[str, Path], tmp_path: Path, before: str, after: str, code: int) -> None:
    """Resolved, remaining and new, by keys; 1 only where a critical violation is new."""
    done, document = _compare(audits[before], audits[after], tmp_path / "out")
    assert done.returncode == code
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["compare.html", "compare.json"]
    old, new = _keys(audits[before]), _keys(audits[after])
    assert document["by_keys"]
    for found in document["rules"]:
        then, now = old.get(found["rule"], set()), new.get(found["rule"], set())
        if found["after"]["status"] == "not_checkable":
            assert found["new"] is None
            continue
        counts = (len(then - now), len(then & now), len(now - then))
        assert (found["resolved"], found["remaining"], found["new"]) == counts, found["rule"]
    total = document["summary"]
    assert f"{total['resolved']} resolved, {total['remaining']} remaining, {total['new']} new" in done.stdout


def test_compare_without_keys_says_so(audits: dict[str, Path], tmp_path: Path) -> None:
    """With one violations.csv missing, counts are compared, in the document and on the terminal."""
    (tmp_path / "results.json").write_bytes((audits["issues"] / "results.json").read_bytes())
    done, document = _compare(audits["sample"], tmp_path, tmp_path / "out")
    assert done.returncode == 1
    assert document["by_keys"] is False
    assert "counts only" in done.stdout
    assert "violations.csv" in document["note"]
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "violations.csv is not beside it" in page


def test_own_rules_are_listed(own_suite: Path) -> None:
    """`--suite` with a file, and with a folder beside the shipped suite."""
    file = in_process("rules", "large", "--suite", str(own_suite / "deep" / "er" / "large.sql"))
    assert file.returncode == 0
    assert "order_amount >= 300" in file.stdout
    both = in_process("rules", "--suite", "current", "--suite", str(own_suite))
    listed = [line.split()[0] for line in both.stdout.splitlines()]
    assert len(listed) == 2 + len(expectations.load("current").rules)
    assert {"deep.er.large", "none"} <= set(listed)
