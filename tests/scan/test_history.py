"""`run --history`: what each run adds to the file, and what the next ones show of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.reports import results_file
from order_audit.reports.history import file as history_file
from order_audit.reports.history import kept
from tests.reports.histories import add, audit, spans
from tests.support import servers
from tests.support.program import order_audit

#: A file of an earlier version: two runs, and half of a third one.
LINES = (
    '{"format":"order-audit-history/1","run":"one","at":"2026-01-01T02:00:00.000Z","database":"%s","schema":"public",'
    '"rules":{"small":{"status":"failed","severity":"info","violations":1,"checked":9},'
    '"rows":{"status":"failed","severity":"warning","violations":1,"checked":1,"column":"rows","unit":"number",'
    '"values":[[null,"9",9.0]]}}}\n'
    '{"format":"order-audit-history/1","run":"two","at":"2026-01-02T02:00:00.000Z","database":"%s","schema":"public",'
    '"rules":{"small":{"status":"passed","severity":"info","violations":0,"checked":9}}}\n'
    '{"format":"order-audit-history/1","run":"thr'
)


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
    file = folder / "history.db"
    for number in (1, 2, 3):
        audited(dsn, suite, folder / str(number), file)
        if number == 1:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("insert into t values (11, 2)")
    return file, folder / "3"


def audited(dsn: str, suite: Path, out: Path, file: Path, *words: str, code: int = 0) -> str:
    """What an audit prints."""
    words = ("--no-lint", "--no-profile", "--quiet", *words)
    done = order_audit("run", "--dsn", dsn, "--suite", str(suite), "--out", str(out), "--history", str(file), *words)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def results(out: Path) -> dict[str, Any]:
    """The results of an audit by rule."""
    return {it["rule"]: it for it in json.loads((out / "results.json").read_text())["results"]}


def test_each_run_adds_its_figures_and_keys(runs: tuple[Path, Path]) -> None:
    """With the counts of all judged rules, measured values, rows of tables, and since when each key stands."""
    with closing(sqlite3.connect(runs[0])) as connection:
        figures = connection.execute(
            "select r.rule, f.status, f.violations, f.appeared, f.ended"
            " from figures as f join rules as r on r.id = f.rule order by 1, f.run"
        ).fetchall()
        values = connection.execute('select "group", value, number from measured order by run').fetchall()
        volumes = connection.execute('select "table", rows from volumes order by run').fetchall()
    assert figures == [
        ("rows", "failed", 1, 1, 0), ("rows", "passed", 0, 0, 1), ("rows", "passed", 0, 0, 0),
        ("small", "failed", 2, 2, 0), ("small", "failed", 3, 1, 0), ("small", "failed", 3, 0, 0),
    ]  # fmt: skip
    assert values == [(None, "10", 10.0), (None, "11", 11.0), (None, "11", 11.0)]
    assert volumes == [("t", 10), ("t", 11), ("t", 11)]
    assert spans(runs[0]) == {("small", "1"): [(1, None)], ("small", "2"): [(1, None)], ("small", "11"): [(2, None)],
                              ("rows", "[]"): [(1, 1)]}  # fmt: skip


def test_a_result_has_the_earlier_runs(runs: tuple[Path, Path]) -> None:
    """The value of the last one as the one before, and since when it fails."""
    found = results(runs[1])
    assert [it["violations"] for it in found["small"]["history"]] == [2, 3]
    value = found["rows"]["measure"]["values"][0]
    assert [it["value"] for it in value["history"]] == ["10", "11"]
    assert (value["value"], value["previous"]) == ("11", "11")
    first = json.loads((runs[1].parent / "1" / "results.json").read_text())["run"]["started_at"]
    assert found["small"]["since"] == {"finding": first, "violation": first, "new": 0, "returned": 0}
    assert "since" not in found["rows"]


def test_the_report_draws_them(runs: tuple[Path, Path]) -> None:
    """Of a finding its violations, of a measured rule its values; also without the file, from the results."""
    page = (runs[1] / "report.html").read_text()
    assert "Violations in the last 3 runs" in page
    assert "<title>the whole table in the last 3 runs</title><desc>10, 11, 11</desc>" in page


def test_keys_are_kept_without_the_file_of_violations(dsn: str, suite: Path, tmp_path: Path) -> None:
    """The history has them, and the folder has no file that was not asked for."""
    audited(dsn, suite, tmp_path / "out", tmp_path / "h.db", "--format", "json")
    assert [it.name for it in (tmp_path / "out").iterdir()] == ["results.json"]
    assert ("small", "1") in spans(tmp_path / "h.db")


def test_a_file_of_an_earlier_version_is_converted(dsn: str, suite: Path, tmp_path: Path) -> None:
    """Once, without the line that was half written; the old file is kept beside."""
    file, name = tmp_path / "audits.jsonl", psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    file.write_text(lines := LINES % (name, name))
    audited(dsn, suite, tmp_path / "out", file)
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert "the earlier lines are kept in audits.jsonl.jsonl beside it" in document["run"]["notes"][0]
    assert [it["violations"] for it in results(tmp_path / "out")["small"]["history"]] == [1, 0]
    assert (tmp_path / "audits.jsonl.jsonl").read_text() == lines
    audited(dsn, suite, tmp_path / "out", file)
    assert len(results(tmp_path / "out")["small"]["history"]) == 3
    assert sorted(it.name for it in tmp_path.iterdir()) == ["audits.jsonl", "audits.jsonl.jsonl", "out"]
    (tmp_path / "other.jsonl").write_text(lines)
    with closing(history_file.readable(tmp_path / "other.jsonl")) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (2,)
    assert (tmp_path / "other.jsonl").read_text() == lines


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"format": "other/1"}\n'])
def test_another_file_is_refused(dsn: str, suite: Path, tmp_path: Path, text: str) -> None:
    """Before anything is read, and it stays as it was."""
    (file := tmp_path / "notes.csv").write_text(text)
    said = audited(dsn, suite, tmp_path / "out", file, code=2)
    assert f"--history {file} is no history of audits: name another file" in said
    assert file.read_text() == text


def test_another_database_of_sqlite_is_refused(tmp_path: Path) -> None:
    """And one of a later version of this program."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("create table t (n)")
    with pytest.raises(Exception, match="is no history of audits"):
        history_file.writable(tmp_path / "other.db")
    history_file.writable(tmp_path / "later.db")[0].close()
    with closing(sqlite3.connect(tmp_path / "later.db")) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(Exception, match="was written by a later version of this program"):
        history_file.readable(tmp_path / "later.db")


def test_a_folder_that_is_missing_is_refused(dsn: str, suite: Path, tmp_path: Path) -> None:
    """Before the audit, which would be for nothing."""
    said = audited(dsn, suite, tmp_path / "out", tmp_path / "none" / "history.db", code=2)
    assert "No such file or directory" in said
    assert not (tmp_path / "out").exists()


def test_an_audit_outlives_its_history(
    dsn: str, suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: tuple[Path, Path]
) -> None:
    """A file that is damaged, or locked for longer than is waited, costs one line and nothing else."""
    (tmp_path / "damaged.db").write_bytes(runs[0].read_bytes()[:4096] + b"\x01" * 40_000)
    said = audited(dsn, suite, tmp_path / "out", tmp_path / "damaged.db")
    assert said.count("malformed: this run is not added; its other files do not depend on it") == 1
    monkeypatch.setattr(history_file, "PATIENCE", 0.01)
    add(tmp_path / "locked.db", audit("2026-01-01"))
    with closing(sqlite3.connect(tmp_path / "locked.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        said = audited(dsn, suite, tmp_path / "out", tmp_path / "locked.db")
    assert said.count("database is locked: this run is not added; its other files do not depend on it") == 1
    assert results(tmp_path / "out")["small"]["violations"] == 3


@pytest.mark.parametrize(
    ("pragma", "text"),
    [("query_only = on", "attempt to write a readonly database"), ("max_page_count = 1", "disk is full")],
)
def test_what_cannot_be_written_changes_nothing(
    runs: tuple[Path, Path], tmp_path: Path, pragma: str, text: str
) -> None:
    """A file that may only be read, and a full disk."""
    add(tmp_path / "h.db", audit("2026-01-01", {"a": ["1"]}))
    before, warnings = spans(tmp_path / "h.db"), list[str]()
    history = kept.Kept(tmp_path / "h.db", warnings.append)
    assert history._connection is not None
    history._connection.execute(f"pragma {pragma}")
    audited = audit("2026-01-02", {"a": [str(it) for it in range(5_000)]})
    history.compare(audited.parts(tmp_path))
    history.add(audited.document)
    history.close()
    assert [text in it for it in warnings] == [True]
    assert spans(tmp_path / "h.db") == before
    assert results_file.read(runs[1]).document.run.complete
