"""Files that stand for a table: which ones, their columns, and what is noticed when they change."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake.duckdb_database import DuckDatabase
from order_audit.audit.lake.export import Wanted, export
from order_audit.audit.lake.lake import opened
from order_audit.audit.run import Options, run
from order_audit.errors import OrderAuditError, RunError, UsageError


def _write(path: Path, **columns: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)


def test_a_table_is_a_file_a_folder_or_a_pattern(tmp_path: Path) -> None:
    _write(tmp_path / "t" / "a.parquet", x=[1, 2])
    _write(tmp_path / "t" / "below" / "b.parquet", x=[3])
    (tmp_path / "t" / "_SUCCESS").touch()
    for given, rows in (("t/a.parquet", 2), ("t", 3), ("t/*.parquet", 2), ("t/**/*.parquet", 3)):
        table = opened([f"t={tmp_path / given}"]).tables["t"]
        assert table.rows == rows, given
        assert [(it.name, it.type) for it in table.columns] == [("x", "bigint")]


def test_links_to_folders_and_folders_named_as_files_are_read(tmp_path: Path) -> None:
    _write(tmp_path / "t" / "a.parquet", x=[1])
    _write(tmp_path / "t" / "spark.parquet" / "b.parquet", x=[2])
    _write(tmp_path / "other" / "c.parquet", x=[3])
    (tmp_path / "t" / "link").symlink_to("../other")
    (tmp_path / "t" / "circle").symlink_to(".")
    for given, rows in (("t", 3), ("t/*.parquet", 2), ("t/link", 1), ("t/l*", 1)):
        assert opened([f"t={tmp_path / given}"]).tables["t"].rows == rows, given


def test_a_path_that_is_there_is_no_pattern(tmp_path: Path) -> None:
    """Neither here nor in DuckDB, where each path of a list is one."""
    _write(tmp_path / "a[1]" / "x*.parquet", x=["right"])
    _write(tmp_path / "a[1]" / "xy.parquet", x=["wrong"])
    _write(tmp_path / "a1" / "x*.parquet", x=["wrong"])
    table = opened([f"t={tmp_path / 'a[1]' / 'x*.parquet'}"]).tables["t"]
    database = DuckDatabase(tmp_path / "database")
    database.load([table])
    assert database.connection.execute("select x from t").fetchall() == [("right",)]
    database.close()
    assert opened([f"t={tmp_path / 'a[1]'}"]).tables["t"].rows == 2


def test_the_locale_of_an_export_holds_beside_other_files(dsn: str, tmp_path: Path) -> None:
    """Else texts would be ordered by their code points, and rules judged by another order than the server's."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int, name text); insert into t values (1, 'a')")
    with Snapshot(dsn) as snapshot:
        export(snapshot, tmp_path / "lake", Wanted())
    manifest = tmp_path / "lake" / "manifest.json"
    shutil.copytree(tmp_path / "lake", tmp_path / "other")
    written = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(written | {"provider": "libc", "collation": "de_DE.UTF-8"}))
    _write(tmp_path / "u.parquet", id=[1])
    lake = opened([str(tmp_path / "lake"), f"u={tmp_path / 'u.parquet'}"])
    assert lake.exported is None
    mine = tmp_path / "mine"
    mine.mkdir()
    rule = "-- title: t\n-- severity: critical\n-- key: id\nselect t.id from t where t.name < 'b'\n"
    (mine / "ordered.sql").write_text(rule)
    given = (str(tmp_path / "lake"), f"u={tmp_path / 'u.parquet'}")
    options = Options(engine="duckdb", lake=given, suites=(str(mine),), fail_on="never")
    [result] = run("", tmp_path / "out", options).results
    assert result.status == "not_checkable"
    table = tmp_path / "other" / "manifest.json"
    table.write_text(table.read_text().replace('"name": "t"', '"name": "t2"'))
    with pytest.raises(UsageError, match="different encodings, locales or time zones"):
        opened([str(tmp_path / "lake"), str(tmp_path / "other")])


def test_more_memory_than_there_are_numbers_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--memory 99999999999TB: "):
        DuckDatabase(tmp_path / "database", "99999999999TB")


def test_types_of_files_are_types_of_postgresql(tmp_path: Path) -> None:
    columns = {
        "b": (pa.bool_(), "boolean"),
        "i8": (pa.int8(), "smallint"),
        "u16": (pa.uint16(), "integer"),
        "u32": (pa.uint32(), "bigint"),
        "u64": (pa.uint64(), "unsupported"),
        "f": (pa.float32(), "real"),
        "d": (pa.decimal128(12, 3), "numeric(12,3)"),
        "s": (pa.large_string(), "text"),
        "dict": (pa.dictionary(pa.int32(), pa.string()), "text"),
        "date": (pa.date32(), "date"),
        "ms": (pa.timestamp("ms"), "timestamp without time zone"),
        "tz": (pa.timestamp("us", "Europe/Berlin"), "timestamp with time zone"),
        "ns": (pa.timestamp("ns"), "unsupported"),
        "list": (pa.list_(pa.int32()), "unsupported"),
        "bin": (pa.binary(), "unsupported"),
    }
    empty = pa.schema([(name, kind) for name, (kind, _) in columns.items()]).empty_table()
    parquet.write_table(empty, tmp_path / "t.parquet")
    found = opened([f"t={tmp_path / 't.parquet'}"]).tables["t"].columns
    assert {it.name: it.type for it in found} == {name: expected for name, (_, expected) in columns.items()}


def test_an_export_keeps_the_types_of_the_server_in_its_files(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (j json, v varchar(3), c char(4), n numeric, id int primary key)")
    with Snapshot(dsn) as snapshot:
        export(snapshot, tmp_path, Wanted())
    by_manifest = opened([str(tmp_path)])
    by_files = opened([f"t={tmp_path / 't'}"])
    types = ["json", "character varying(3)", "character(4)", "numeric", "integer"]
    assert [it.type for it in by_manifest.tables["t"].columns] == types
    assert [it.type for it in by_files.tables["t"].columns] == types
    assert by_manifest.tables["t"].keys == (("id",),)
    assert by_manifest.exported is not None
    assert by_files.exported is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nope"], "nope: no manifest.json"),
        (["t=nope"], "--lake t=nope: there is no Parquet file"),
        (["=t"], "there is no Parquet file"),
        (["t=t", "t=t/a.parquet"], "table t is given twice"),
        (["t=text.parquet"], "text.parquet is no Parquet file"),
        (["t=mixed"], "b.parquet has other columns: x is string, not int64"),
        (["t=fewer"], "b.parquet has other columns: no y"),
        (["t=more"], "b.parquet has other columns: also z"),
        (["t=hive"], "day=1 has a column in the folder's name"),
        (["t="], "there is no Parquet file"),
        (["t=twice.parquet"], "twice.parquet has two columns x"),
        (["t=broken"], "gone.parquet is no file that can be read"),
        (["t=broken/*.parquet"], "gone.parquet is no file that can be read"),
        (["t=pipe"], "p.parquet is no file that can be read"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], message: str) -> None:
    monkeypatch.chdir(tmp_path)
    _write(Path("t/a.parquet"), x=[1])
    _write(Path("mixed/a.parquet"), x=[1])
    _write(Path("mixed/b.parquet"), x=["1"])
    _write(Path("fewer/a.parquet"), x=[1], y=[1])
    _write(Path("fewer/b.parquet"), x=[1])
    _write(Path("more/a.parquet"), x=[1])
    _write(Path("more/b.parquet"), x=[1], z=[1])
    _write(Path("hive/day=1/a.parquet"), x=[1])
    Path("text.parquet").write_text("x\n1\n")
    numbers = pa.array([1])
    parquet.write_table(pa.Table.from_arrays([numbers, numbers], names=["x", "x"]), "twice.parquet")
    _write(Path("broken/a.parquet"), x=[1])
    Path("broken/gone.parquet").symlink_to("nowhere")
    Path("pipe").mkdir()
    os.mkfifo("pipe/p.parquet")
    with pytest.raises(OrderAuditError) as error:
        opened(given)
    assert message in str(error.value)
    assert isinstance(error.value, UsageError)
    assert "\n" not in str(error.value)


def test_files_that_change_are_noticed(tmp_path: Path) -> None:
    _write(tmp_path / "t" / "a.parquet", x=[1])
    _write(tmp_path / "t" / "b.parquet", x=[2])
    table = opened([f"t={tmp_path / 't'}"]).tables["t"]
    assert table.change() == ""
    _write(tmp_path / "t" / "c.parquet", x=[3])
    assert table.change() == "file c.parquet was added"
    (tmp_path / "t" / "c.parquet").unlink()
    _write(tmp_path / "t" / "b.parquet", x=[2, 3])
    assert table.change() == "file b.parquet was changed"
    (tmp_path / "t" / "b.parquet").unlink()
    assert table.change() == "file b.parquet was removed"
    before = table.version
    assert opened([f"t={tmp_path / 't'}"]).tables["t"].version != before


def test_a_delta_table_is_read_at_one_version(tmp_path: Path) -> None:
    place = str(tmp_path / "t")
    rows = pa.table({"id": pa.array([1, 2], pa.int32()), "day": ["a", "b"], "f": [float("nan"), None]})
    deltalake.write_deltalake(place, rows, partition_by=["day"])
    first = opened([f"t=delta:{place}"]).tables["t"]
    deltalake.write_deltalake(place, rows, mode="append")
    assert first.change() == ""
    assert (first.rows, first.version) == (2, "0")
    assert [(it.name, it.type) for it in first.columns] == [
        ("id", "integer"), ("day", "text"), ("f", "double precision"),
    ]  # fmt: skip
    newest, pinned = (opened([f"t=delta:{place}{at}"]).tables["t"] for at in ("", "@0"))
    assert (newest.rows, newest.version, pinned.rows, pinned.version) == (4, "1", 2, "0")
    database = DuckDatabase(tmp_path / "loaded")
    database.load([first])
    found = database.connection.execute("select id, day, f::varchar from t order by id").fetchall()
    database.close()
    assert found == [(1, "a", "nan"), (2, "b", None)]
    for wrong in ("nope", "t@7"):
        with pytest.raises(UsageError, match=f"--lake delta:.*{wrong}: "):
            opened([f"t=delta:{tmp_path / wrong}"])


def test_no_statement_reaches_a_file_after_the_tables_are_read(tmp_path: Path) -> None:
    _write(tmp_path / "t.parquet", x=[float("nan"), 1.0])
    database = DuckDatabase(tmp_path / "loaded")
    database.load(opened([f"t={tmp_path / 't.parquet'}"]).tables.values())
    assert database.connection.execute("select count(*) from t where x > 100").fetchall() == [(1,)]
    with pytest.raises(duckdb.PermissionException):
        database.connection.execute(f"select * from '{tmp_path / 't.parquet'}'")
    database.close()


def test_an_export_that_was_changed_is_refused(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t as select 1 as x")
    with Snapshot(dsn) as snapshot:
        export(snapshot, tmp_path, Wanted())
    file = tmp_path / "t" / "part-00000.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    with pytest.raises(RunError, match="is not as it was exported"):
        opened([str(tmp_path)])
    file.unlink()
    with pytest.raises(RunError, match="is missing"):
        opened([str(tmp_path)])
