"""`run --history`: a line for each run, and what the next ones show of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.reports import history, results_file
from tests.support import servers
from tests.support.program import order_audit


@pytest.fixture(scope="module")
def dsn(server_18: Server) -> Iterator[str]:
    """A table with ten rows."""
    with servers.database(server_18) as name:
        with psycopg.connect(name, autocommit=True) as connection:
            connection.execute("create table t (id int primary key, n int)")
            connection.execute("insert into t select i, i from generate_series(1, 10) as i")
        yield name


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A row rule and a measured one."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "small.sql").write_text(
        "-- title: Small\n-- severity: info\n-- key: id\nselect t.id, t.n from t where t.n < 3\n"
    )
    (folder / "rows.sql").write_text(
        "-- title: Rows\n-- severity: warning\n-- measure: rows\n-- at_least: 11\nselect count(*) as rows from t\n"
    )
    return folder


@pytest.fixture(scope="module")
def runs(dsn: str, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The history of three runs, between which a row came, and the folder of the last one."""
    folder = tmp_path_factory.mktemp("runs")
    file = folder / "history.jsonl"
    for number in (1, 2, 3):
        audited(dsn, suite, folder / str(number), file)
        if number == 1:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("insert into t values (11, 2)")
    return file, folder / "3"


def audited(dsn: str, suite: Path, out: Path, file: Path, code: int = 0) -> str:
    """What an audit prints."""
    words = ("--suite", str(suite), "--out", str(out), "--no-lint", "--no-profile", "--quiet", "--history", str(file))
    done = order_audit("run", "--dsn", dsn, *words)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def results(out: Path) -> dict[str, Any]:
    """The results of an audit by rule."""
    return {it["rule"]: it for it in json.loads((out / "results.json").read_text())["results"]}


def test_each_run_adds_a_line(runs: tuple[Path, Path]) -> None:
    """With the counts of all judged rules and the measured values."""
    lines = [json.loads(line) for line in runs[0].read_text().splitlines()]
    assert [it["format"] for it in lines] == ["order-audit-history/1"] * 3
    assert [it["rules"]["small"]["violations"] for it in lines] == [2, 3, 3]
    assert [it["rules"]["rows"]["values"] for it in lines] == [[[None, str(n), float(n)]] for n in (10, 11, 11)]


def test_a_result_has_the_earlier_runs(runs: tuple[Path, Path]) -> None:
    """And the value of the last one as the one before."""
    found = results(runs[1])
    assert [it["violations"] for it in found["small"]["history"]] == [2, 3]
    value = found["rows"]["measure"]["values"][0]
    assert [it["value"] for it in value["history"]] == ["10", "11"]
    assert (value["value"], value["previous"]) == ("11", "11")


def test_the_report_draws_them(runs: tuple[Path, Path]) -> None:
    """Of a finding its violations, of a measured rule its values; also without the file, from the results."""
    page = (runs[1] / "report.html").read_text()
    assert "Violations in the last 3 runs" in page
    assert "<title>the whole table in the last 3 runs</title><desc>10, 11, 11</desc>" in page


def test_a_half_written_line_is_left_out(runs: tuple[Path, Path], dsn: str, suite: Path, tmp_path: Path) -> None:
    """The next run begins on a line of its own."""
    file = tmp_path / "history.jsonl"
    text = runs[0].read_text()
    file.write_text(text + text.splitlines()[0][:100])
    shown = audited(dsn, suite, tmp_path / "out", file)
    assert "11 (before: 11)" in shown
    assert len(history.read(file)) == 4
    assert len(file.read_text().splitlines()) == 5


def test_parallel_runs_do_not_mix(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """However many there are, each line is whole."""
    document = results_file.read(runs[1]).document
    file = tmp_path / "history.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: history.append(file, document), range(200)))
    assert len(history.read(file)) == len(file.read_text().splitlines()) == 200


def test_other_databases_stand_in_the_same_file(runs: tuple[Path, Path]) -> None:
    """They are left out."""
    document = results_file.read(runs[1]).document
    entries = [history.Entry(it.at, "other", it.schema, it.rules) for it in history.read(runs[0])]
    assert history.with_history(document, entries) == document


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"format": "other/1"}\n'])
def test_another_file_is_refused(dsn: str, suite: Path, tmp_path: Path, text: str) -> None:
    """Before anything is read, and it stays as it was."""
    (file := tmp_path / "notes.csv").write_text(text)
    said = audited(dsn, suite, tmp_path / "out", file, code=2)
    assert f"--history {file} is no history of audits: name another file" in said
    assert file.read_text() == text


def test_a_file_that_cannot_be_written_is_refused(dsn: str, suite: Path, tmp_path: Path) -> None:
    """Before the audit, which would be for nothing."""
    said = audited(dsn, suite, tmp_path / "out", tmp_path / "none" / "history.jsonl", code=2)
    assert "No such file or directory" in said
    assert not (tmp_path / "out").exists()
