"""The folder of an export: names that would meet there, what else is there, killed processes, several at once."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake import manifest
from order_audit.audit.lake.export import Wanted, export
from order_audit.audit.lake.lake import opened
from order_audit.audit.run import Options, run
from order_audit.errors import RunError, UsageError

#: An export whose process is killed at a certain move of a file.
_KILLED = """
import os, signal, sys
from pathlib import Path
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake.export import Wanted, export

left = int(sys.argv[3])
def kill(event, arguments):
    global left
    if event == "os.rename":
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(kill)
with Snapshot(sys.argv[1]) as snapshot:
    export(snapshot, Path(sys.argv[2]), Wanted())
os.kill(os.getpid(), signal.SIGKILL)
"""


def _export(dsn: str, out: Path, **wanted: Any) -> manifest.Manifest:
    with Snapshot(dsn) as snapshot:
        return export(snapshot, out, Wanted(**wanted))


def test_names_of_tables_that_would_meet_in_the_folder(dsn: str, tmp_path: Path) -> None:
    names = ["Orders", "orders", "manifest.json", "a/b", "a-b", "..", "public.t", "é" * 31, "x" * 63]
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(f'create table "{name}" (x int)'.encode())
        connection.execute("create table no_columns ()")
        connection.execute("create schema b create table t (x int) create table u (x int)")
        _export(dsn, tmp_path / "lake")
        found = opened([str(tmp_path / "lake")]).tables
        assert sorted(found) == sorted(names)
        folders = [it.files[0].path.parent.name.lower() for it in found.values()]
        assert len({*folders, "manifest.json"}) == len(names) + 1
        _export(dsn, tmp_path / "one", tables=["b.t", "public.t", "Orders", "public.public.t"])
        assert sorted(opened([str(tmp_path / "one")]).tables) == ["Orders", "b.t", "public.t"]
        connection.execute('create table "b.t" (x int)')
        with Snapshot(dsn, "public,b") as snapshot, pytest.raises(UsageError, match=r"two tables would be 'b\.t'"):
            export(snapshot, tmp_path / "two", Wanted())
        with pytest.raises(UsageError, match="table 'no_columns' has no columns"):
            _export(dsn, tmp_path / "two", tables=["no_columns"])
        assert not (tmp_path / "two").exists()


def test_a_folder_that_is_in_a_tables_place_stays(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a (x int)")
        _export(dsn, tmp_path / "lake")
        connection.execute("create table b (x int)")
    (tmp_path / "lake" / "b").mkdir()
    (tmp_path / "lake" / "b" / "mine.txt").touch()
    with pytest.raises(UsageError, match="b is not of an export"):
        _export(dsn, tmp_path / "lake")
    assert (tmp_path / "lake" / "b" / "mine.txt").exists()
    assert list(opened([str(tmp_path / "lake")]).tables) == ["a"]


def test_what_a_manifest_says_moves_no_folder_elsewhere(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a (x int)")
    _export(dsn, tmp_path / "lake")
    (tmp_path / "mine").mkdir()
    text = (tmp_path / "lake" / "manifest.json").read_text()
    (tmp_path / "lake" / "manifest.json").write_text(text.replace('"a/part', '"../mine/part'))
    (tmp_path / "lake" / "a").rename(tmp_path / "lake" / "kept")
    _export(dsn, tmp_path / "lake")
    assert (tmp_path / "mine").exists()
    assert (tmp_path / "lake" / "kept").exists()


def test_what_a_process_killed_while_it_moved_files_leaves_is_replaced(dsn: str, tmp_path: Path) -> None:
    """At every step: to be killed is to end without any clean-up."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a (x int)")
        connection.execute("create table b (x int)")
    out = tmp_path / "lake"
    for renames in range(8):
        killed = subprocess.run([sys.executable, "-c", _KILLED, dsn, str(out), str(renames)], check=False)
        assert killed.returncode == -signal.SIGKILL, renames
        if (out / "manifest.json").exists():
            try:
                opened([str(out)])
            except RunError as error:
                assert "is missing: export the tables again" in str(error)  # noqa: PT017 - or it is whole
        if renames % 2:
            _export(dsn, out)
            assert sorted(it.name for it in out.iterdir()) == ["a", "b", "manifest.json"], renames
            opened([str(out)])
        if renames == 3:
            shutil.rmtree(out)


def test_two_exports_at_once_leave_one_of_them(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in "abcdefgh":
            connection.execute(f"create table {name} (x int)".encode())
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(_export, dsn, tmp_path / "lake") for _ in range(8)]:
            done.result()
    assert sorted(opened([str(tmp_path / "lake")]).tables) == list("abcdefgh")
    assert sorted(it.name for it in (tmp_path / "lake").iterdir()) == [*"abcdefgh", "manifest.json"]


def test_a_rule_on_a_table_that_was_left_out_is_an_error(dsn: str, tmp_path: Path) -> None:
    """No table is missing: `--allow-skipped` must not let the gate pass."""
    (tmp_path / "mine").mkdir()
    for table in ("readable", "no_columns"):
        rule = f"-- title: t\n-- severity: critical\n-- key: id\nselect 1 as id from {table} as t\n"
        (tmp_path / "mine" / f"{table}.sql").write_text(rule)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table readable (id int); create table no_columns ()")
    _export(dsn, tmp_path / "lake")
    for name, source, lake in (("live", dsn, ()), ("files", "", (str(tmp_path / "lake"),))):
        options = Options(engine="duckdb", lake=lake, suites=(str(tmp_path / "mine"),), allow_skipped=True)
        document = run(source, tmp_path / name, options)
        assert {it.rule: it.status for it in document.results} == {"no_columns": "errored", "readable": "passed"}
        assert not document.summary.gate.passed


def test_a_view_that_cannot_be_read_is_named(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create view broken as select 1 / (random() * 0)::int as x")
        connection.execute("create materialized view unfilled as select 1 as x with no data")
    for name in ("broken", "unfilled"):
        with pytest.raises(RunError, match=f"^{name} cannot be read: "):
            _export(dsn, tmp_path / "lake", tables=[name])
        assert not (tmp_path / "lake").exists()
