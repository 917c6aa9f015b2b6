"""The command `init`: what it writes, prints and refuses, on databases of all kinds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from tests.support import servers
from tests.support.program import order_audit

HOSTILE = """
create schema "We ird";
create schema other;
create table "We ird"."sel""ect" ("or""der" int primary key, "it's" text, "ünï; -- " date, "a\nb" int, "x.y" numeric);
insert into "We ird"."sel""ect"
select g, (array['it''s', 'a"b', E'back\\\\slash'])[1 + g % 3], date '2020-01-01' + g, g, g / 8.0
from generate_series(1, 300) as g;
create table other.log (id int, created_at timestamptz, level text, data json) partition by range (id);
create table other.log_1 partition of other.log for values from (0) to (200);
create table other.log_2 partition of other.log for values from (200) to (1000);
insert into other.log
select g, now() - g * interval '1 hour', (array['info', 'error'])[1 + g % 2], '{}' from generate_series(1, 300) as g;
create table other."LOG" (id int primary key, value float8);
insert into other."LOG" select g, 'NaN' from generate_series(1, 30) as g;
create table other.documents (data json, place point);
insert into other.documents select '{"a": 1}', point(g, g) from generate_series(1, 30) as g;
create table other.none ();
create table other.nothing (id int);
create view other.failing as select 1 / (id - id) as n from other.log;
create materialized view other.unfilled as select 1 as n with no data;
create domain other.small as int check (value < 1000);
create table other.kept (id int primary key, n other.small, m int generated always as (id * 2) stored);
insert into other.kept select g, g from generate_series(1, 300) as g;
create table other.secret_table (id int primary key, seen text, hidden text);
insert into other.secret_table select g, 's' || g, 'h' || g from generate_series(1, 300) as g;
"""


@pytest.fixture(scope="module")
def hostile(servers_by_major: dict[int, Server], major: int) -> Iterator[str]:
    with servers.database(servers_by_major[major]) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(HOSTILE.encode())
        yield dsn


def _ids(folder: Path) -> set[str]:
    return {rule.id for rule in load(folder / "rules").rules}


@pytest.mark.both_versions
def test_writes_a_suite_that_passes_on_hostile_names(
    hostile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "deep" / "suite"
    done = order_audit("init", str(folder), "--dsn", hostile, "--quiet", "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    assert "all hold on the present data\n" in done.stdout
    assert f"next: cd {folder} && order-audit run --dsn " in done.stdout
    assert "it has no value" not in done.stdout
    assert "other.nothing\n      all" in done.stdout.replace("  all ", "    all ")
    ids = _ids(folder)
    assert {
        "sel_ect.it_s_is_known",
        "other_log_2.level_is_known",
        "other_log_2.is_fresh",
        "other_log_2.row_count",
        "kept.not_null",
        "documents.not_null",
    } <= ids
    assert not any("small" in id or "a_b" in id for id in ids)
    monkeypatch.chdir(folder)
    ran = order_audit("run", "--dsn", hostile, "--quiet", "--no-lint", "--no-profile", "--format", "junit")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (folder / "audit-out" / "junit.xml").exists()
    assert f"{len(ids)} of {len(ids)} expectations passed" in ran.stdout


def test_writes_configuration_readme_and_job(hostile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "suite"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = order_audit("init", ".", "--dsn", hostile, "--schema", "other", "--table", "kept", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "next: order-audit run --dsn " in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "github-workflow.yml", "order-audit.toml", "rules",
    ]  # fmt: skip
    expected = {
        "suites": ["rules"], "schema": ["other"], "output": {"out": "audit-out"}, "gate": {"fail_on": "critical"},
    }  # fmt: skip
    text = (folder / "order-audit.toml").read_text()
    assert tomllib.loads(text) == expected
    text = text.replace("# fixes", "fixes").replace("# guards", "guards")
    assert tomllib.loads(text) == expected | {"fixes": "fixes", "guards": "guards"}
    assert "working-directory: suite\n" in (folder / "github-workflow.yml").read_text()
    # names of the only schema need no schema
    assert "from kept as t" in (folder / "rules" / "kept" / "not_null.sql").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["suite"]


def test_refuses_a_folder_with_files_unless_told(hostile: str, tmp_path: Path) -> None:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    (folder / "README.md").write_text("old")
    words = ("init", str(folder), "--dsn", hostile, "--table", "other.kept", "--quiet")
    done = order_audit(*words)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert "--overwrite" in done.stderr
    assert (folder / "README.md").read_text() == "old"
    assert order_audit(*words, "--overwrite").returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"
    assert (folder / "README.md").read_text() != "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["suite"]


def test_refuses_a_file_and_unknown_tables(hostile: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = order_audit("init", str(file), "--dsn", hostile, "--quiet")
    assert (done.returncode, done.stderr) == (2, f"order-audit: {file} is a file: name a folder\n")
    done = order_audit("init", str(tmp_path / "new"), "--dsn", hostile, "--table", "nowhere", "--quiet")
    assert (done.returncode, done.stderr) == (2, "order-audit: --table: table 'nowhere' does not exist\n")
    assert not (tmp_path / "new").exists()


def test_says_that_there_is_nothing_to_propose(dsn: str, tmp_path: Path) -> None:
    done = order_audit("init", str(tmp_path / "new"), "--dsn", dsn, "--quiet")
    assert done.returncode == 3
    assert done.stderr == (
        "order-audit: the database has no table: load the data, or name another place; views need --table\n"
    )
    done = order_audit("init", str(tmp_path / "new"), "--dsn", dsn, "--quiet", "--schema", "public", "--explain")
    assert done.stderr.startswith("order-audit: schema public has no table: ")
    assert done.stdout == ""
    with psycopg.connect(dsn) as connection:
        connection.execute("create table few (id int); insert into few values (1)")
    done = order_audit("init", str(tmp_path / "new"), "--dsn", dsn, "--quiet")
    assert (done.returncode, done.stderr) == (3, "order-audit: no rule to propose: --explain shows why\n")
    done = order_audit("init", str(tmp_path / "new"), "--dsn", dsn, "--quiet", "--explain")
    assert done.stderr == "order-audit: no rule to propose: see the reasons above\n"
    assert not (tmp_path / "new").exists()


@pytest.mark.both_versions
def test_leaves_out_what_the_role_may_not_read(hostile: str, tmp_path: Path) -> None:
    with psycopg.connect(hostile, autocommit=True) as connection:
        connection.execute("drop owned by watcher" if _has_role(connection) else "create role watcher login")
        connection.execute("grant usage on schema other to watcher")
        connection.execute("grant select on other.kept to watcher")
        connection.execute("grant select (id, seen) on other.secret_table to watcher")
    words = ("--dsn", f"{hostile} user=watcher", "--quiet", "--explain")
    done = order_audit("init", str(tmp_path / "suite"), *words)
    assert done.returncode == 0, done.stderr
    assert "this role may not read it" in done.stdout
    assert "tables; empty: " not in done.stdout
    named = next(line for line in done.stdout.splitlines() if " rules for 2 of 8 tables; not readable: " in line)
    assert "other.log, " in named
    assert "kept" not in named
    assert "hidden" not in done.stdout + "".join(path.read_text() for path in tmp_path.rglob("*.sql"))
    assert {id.split(".")[0] for id in _ids(tmp_path / "suite")} == {"kept", "secret_table"}


def _has_role(connection: psycopg.Connection) -> bool:
    return connection.execute("select from pg_roles where rolname = 'watcher'").fetchone() is not None


@pytest.mark.parametrize("view", ["other.failing", "other.unfilled"])
def test_a_view_that_fails_gives_a_reason(hostile: str, tmp_path: Path, view: str) -> None:
    done = order_audit("init", str(tmp_path / "new"), "--dsn", hostile, "--table", view, "--quiet", "--explain")
    assert done.returncode == 3
    assert view in done.stdout
    assert "cannot be read" in done.stdout or "not been populated" in done.stdout


def test_what_failed_is_named_without_being_asked(dsn: str, tmp_path: Path) -> None:
    """A table that an error of the server leaves out is no table that needs no rules."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table sound as select g, g % 3 as kind from generate_series(1, 300) as g")
        connection.execute("create view failing as select 1 / (g - 7) as n from sound")
    words = ("--table", "sound", "--table", "failing", "--dsn", dsn, "--quiet")
    seen = order_audit("init", str(tmp_path / "checks"), *words)
    assert seen.returncode == 0, seen.stderr
    assert "not proposed: failing: all: it cannot be read: division by zero" in seen.stdout
