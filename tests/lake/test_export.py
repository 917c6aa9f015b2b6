"""Exported tables: each value as the server has it, of one snapshot, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake import copied_rows, manifest
from order_audit.audit.lake.copied_rows import _digits
from order_audit.audit.lake.export import Wanted, export
from order_audit.errors import RunError, UsageError
from tests.cli.support import order_audit

#: By type: values as literals, and how the file stores them.
_VALUES: dict[str, tuple[list[str], str]] = {
    "boolean": (["true", "false"], "bool"),
    "smallint": (["-32768", "32767"], "int16"),
    "integer": (["-2147483648", "0"], "int32"),
    "bigint": (["-9223372036854775808", "9223372036854775807"], "int64"),
    "oid": (["4294967295"], "int64"),
    "real": (["'NaN'", "'-Infinity'", "'1e-45'", "'3.4028235e38'", "'0.1'", "'-0'"], "float"),
    "double precision": (
        ["'NaN'", "'Infinity'", "'-0'", "'5e-324'", "'1.7976931348623157e308'", "'0.1'", "'1e15'", "'123456789.12345'"],
        "double",
    ),
    "numeric(10,2)": (["-99999999.99", "0.00", "0.10"], "decimal128(10, 2)"),
    "numeric(38,38)": (["0.00000000000000000000000000000000000001"], "decimal128(38, 38)"),
    "numeric(8,3)": (["'NaN'", "1.5"], "string"),
    "numeric(39,1)": (["1.0"], "string"),
    "numeric(3,-2)": (["12300"], "string"),
    "numeric(2,4)": (["0.0012"], "string"),
    "numeric": (["'NaN'", "'Infinity'", "1.50", "1e100", "1e-20"], "string"),
    "text": (["''", "'a,\"b'", "E'a\\r\\nb'", r"'\.'", r"'\N'", "U&'\\0085\\2028'", "'NULL'", "' '"], "string"),
    "character varying(9)": (["'x '", "''"], "string"),
    "character(5)": (["'ab'", "''"], "string"),
    "name": (["'a b'"], "string"),
    "bit(3)": (["B'000'", "B'101'"], "string"),
    "bit varying": (["B''", "B'1'", "B'00000001'", "B'000000011'"], "string"),
    "json": ([r"""'{"a": 1, "a":  "\u0000\ud800"}'""", "' null '"], "string"),
    "jsonb": (["'{\"b\": 1.0, \"a\": []}'"], "string"),
    "uuid": (["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"], "string"),
    "bytea": (["'\\x00ff'", "''"], "string"),
    "date": (["'0001-01-01'", "'9999-12-31'", "'1969-12-31'"], "date32[day]"),
    "date[]": (["'{2020-01-01,NULL}'"], "string"),
    "timestamp without time zone": (["'1969-12-31 23:59:59.999999'", "'2262-04-12 00:00:00'"], "timestamp[us]"),
    "timestamp(0) without time zone": (["'infinity'", "'2020-02-02 00:00:01'"], "string"),
    "timestamp with time zone": (["'2020-02-02 00:00:00.000001+05:30'"], "timestamp[us, tz=UTC]"),
    "timestamp(3) with time zone": (["'-infinity'", "'0044-03-15 00:00:00+00 BC'"], "string"),
    "interval": (["'1 mon -1 day 00:00:01.5'"], "string"),
    "time without time zone": (["'24:00:00'"], "string"),
    "int4range": (["'[1,5)'", "'empty'"], "string"),
    "inet": (["'::1'"], "string"),
    "money": (["'1.00'"], "string"),
}  # fmt: skip


@pytest.fixture
def table(dsn: str) -> Iterator[psycopg.Connection]:
    """A database with a table `t` that has a column of each type, and NULLs."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        columns = ", ".join(f'"{name}" {name}' for name in _VALUES)
        connection.execute(f"create table t (id int primary key, {columns})".encode())
        for place in range(max(len(values) for values, _ in _VALUES.values()) + 1):
            literals = (values[place] if place < len(values) else "null" for values, _ in _VALUES.values())
            connection.execute(f"insert into t values ({place}, {', '.join(literals)})".encode())
        yield connection


def _export(dsn: str, out: Path, **wanted: Any) -> manifest.Manifest:
    with Snapshot(dsn) as snapshot:
        return export(snapshot, out, Wanted(**wanted))


def _texts(folder: Path, table: manifest.Table, column: str) -> list[Any]:
    files = [parquet.read_table(folder / it.path) for it in table.files]
    return [value for file in files for value in file.column(column).cast(pa.string()).to_pylist()]


def test_each_value_of_each_type_is_as_on_the_server(dsn: str, table: psycopg.Connection, tmp_path: Path) -> None:
    [exported] = _export(dsn, tmp_path / "lake").tables
    stored = {it.name: it.stored for it in exported.columns}
    table.execute("set extra_float_digits = 1")
    for settings in ("timezone = 'UTC'", "intervalstyle = 'iso_8601'"):
        table.execute(f"set {settings}".encode())
    for name, (_, expected) in _VALUES.items():
        assert stored[name] == expected, name
        # what is stored as a value goes back into the server, and its text is then the server's own
        found = _texts(tmp_path / "lake", exported, name)
        rows = table.execute(
            f"""
            select t.id, t."{name}"::text, f.value, f.value::{name}::text
            from t
            join unnest(%s::text[]) with ordinality as f (value, place) on f.place = t.id + 1
            """.encode(),
            [found],
        ).fetchall()
        assert len(rows) == exported.rows
        for id, on_server, in_file, back in rows:
            assert back == on_server, (name, id, in_file)
            if expected == "string":
                assert in_file == on_server, (name, id)


def test_values_of_a_file_are_numbers_where_they_can_be(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table n (f float8, d numeric(4,1), n numeric)")
        connection.execute("insert into n values ('NaN', 1.5, 1.50), ('-0', null, 'NaN')")
    _export(dsn, tmp_path)
    rows = parquet.read_table(tmp_path / "n").to_pylist()
    assert [str(it["f"]) for it in rows] == ["nan", "-0.0"]
    assert [str(it["d"]) for it in rows] == ["1.5", "None"]
    assert [it["n"] for it in rows] == ["1.50", "NaN"]


def test_no_statistics_of_columns_that_can_hold_nan(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table n as select 'NaN'::float8 as f, 1::real as r, 1 as i")
    _export(dsn, tmp_path)
    group = parquet.ParquetFile(tmp_path / "n" / "part-00000.parquet").metadata.row_group(0)
    assert [group.column(place).is_stats_set for place in range(3)] == [False, False, True]


def test_the_manifest_names_what_is_there(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create domain money_text as varchar(12) check (value <> '')")
        connection.execute(
            'create table "T" (b text collate "C" unique, a money_text not null, id int, primary key (id, a))'
        )
        connection.execute("create table empty_one (x int)")
        connection.execute("insert into \"T\" values ('x', 'y', 1)")
    made = _export(dsn, tmp_path / "lake")
    assert made == manifest.read(tmp_path / "lake")
    first, second = made.tables
    assert (first.name, first.rows, first.keys) == ("T", 1, (("id", "a"), ("b",)))
    assert [(it.name, it.type, it.nullable, it.collation) for it in first.columns] == [
        ("b", "text", True, "C"),
        ("a", "character varying(12)", False, "default"),
        ("id", "integer", False, ""),
    ]
    assert (second.name, second.rows, second.files[0].rows) == ("empty_one", 0, 0)
    for file in (*first.files, *second.files):
        content = (tmp_path / "lake" / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert parquet.read_table(tmp_path / "lake" / "empty_one").schema.names == ["x"]


def test_all_tables_are_of_one_snapshot(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a as select 1 as x")
        connection.execute("create table b as select 1 as x")
        with Snapshot(dsn) as snapshot:
            connection.execute("insert into a values (2)")
            connection.execute("insert into b values (2)")
            made = export(snapshot, tmp_path, Wanted())
    assert [it.rows for it in made.tables] == [1, 1]


def test_a_table_that_is_altered_meanwhile_is_told(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table p (x int) partition by list (x)")
        connection.execute("create table p1 partition of p for values in (1)")
        connection.execute("create table p2 as select 2 as x")

        def attach(done: int, _of: int, _note: str) -> None:
            if done:
                connection.execute("alter table p attach partition p2 for values in (2)")

        with Snapshot(dsn) as snapshot, pytest.raises(RunError, match=r"table p: .*p2 was attached during the export"):
            export(snapshot, tmp_path / "lake", Wanted(["p"]), attach)
    assert not (tmp_path / "lake").exists()


def test_rows_longer_than_a_block(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        made = "create table wide as select 1 as id, repeat(chr(97) || chr(10) || chr(34), %s) as w"
        connection.execute(made, [copied_rows.BLOCK])
    _export(dsn, tmp_path)
    [row] = parquet.read_table(tmp_path / "wide").to_pylist()
    assert row["w"] == 'a\n"' * copied_rows.BLOCK


def test_many_rows_make_several_row_groups(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table many as select i, i::text as t, i::bit(20) as b from generate_series(1, 300000) as i"
        )
    _export(dsn, tmp_path)
    file = parquet.ParquetFile(tmp_path / "many" / "part-00000.parquet")
    assert file.metadata.num_row_groups > 1
    rows = file.read().sort_by("i").to_pylist()
    assert all(it == {"i": i, "t": str(i), "b": f"{i:020b}"} for i, it in enumerate(rows, 1))


def test_masked_values_are_digests_that_keep_equality(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table c (id int, email text, args json, note text)")
        connection.execute("insert into c select i, 'a@b.example', '{}', 'x' from generate_series(1, 2) as i")
        connection.execute("insert into c (id) values (3)")
    [made] = _export(dsn, tmp_path, mask=["c.id"], mask_personal=True).tables
    assert {it.name: it.stored for it in made.columns} == {
        "id": "masked", "email": "masked", "args": "masked", "note": "string",
    }  # fmt: skip
    rows = parquet.read_table(tmp_path / "c").to_pylist()
    assert rows[0]["email"] == rows[1]["email"]
    assert len({it["id"] for it in rows}) == 3
    assert rows[2]["email"] is None
    assert "a@b" not in json.dumps(rows)
    before = rows[0]["email"]
    _export(dsn, tmp_path, mask_personal=True)  # another key
    assert parquet.read_table(tmp_path / "c").to_pylist()[0]["email"] != before


def test_what_a_role_may_not_read_is_told(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop role if exists lake_reader")
        connection.execute("create role lake_reader login")
        connection.execute("create table a (x int, secret int)")
        connection.execute("create table closed (x int)")
        connection.execute("grant select (x) on a to lake_reader")
        try:
            reader = psycopg.conninfo.make_conninfo(dsn, user="lake_reader")
            made = _export(reader, tmp_path)
            assert [(it.name, it.unreadable) for it in made.tables] == [("a", ("secret",))]
            assert made.left_out == ("closed",)
            with pytest.raises(UsageError, match="may not read table 'closed'"):
                _export(reader, tmp_path, tables=["closed"])
        finally:
            connection.execute("drop owned by lake_reader")
            connection.execute("drop role lake_reader")


def test_wrong_use_is_one_line(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        with pytest.raises(UsageError, match="no table that this role may read"):
            _export(dsn, tmp_path / "lake")
        connection.execute("create table t (x int)")
    with pytest.raises(UsageError, match="table 'nope' does not exist"):
        _export(dsn, tmp_path / "lake", tables=["nope"])
    with pytest.raises(UsageError, match=r"--mask t\.y: no such column"):
        _export(dsn, tmp_path / "lake", mask=["t.y"])
    assert not (tmp_path / "lake").exists()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"has other files, as notes\.txt"):
        _export(dsn, tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"format": "another/1"}')
    with pytest.raises(UsageError, match="format 'another/1' is not order-audit/lake/1"):
        _export(dsn, tmp_path / "other")
    for words in (["--parquet", "x", "--to", "dbt"], ["--out", "x"], ["--parquet", "x", "--out", "y"],
                  ["--to", "dbt", "--out", "x", "--table", "t"], ["--to", "dbt"]):  # fmt: skip
        done = order_audit("export", *words, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), (words, done.stderr)


def test_a_new_export_takes_the_place_of_the_old(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a (x int)")
        connection.execute("create table b (x int)")
        done = order_audit("export", "--dsn", dsn, "--parquet", str(tmp_path / "lake"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].startswith("2 tables of one snapshot in ")
        connection.execute("drop table b")
    _export(dsn, tmp_path / "lake")
    assert sorted(it.name for it in (tmp_path / "lake").iterdir()) == ["a", "manifest.json"]


def test_bytes_that_are_no_text_are_told(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create database ascii template template0 encoding 'SQL_ASCII' locale 'C'")
        try:
            ascii_only = psycopg.conninfo.make_conninfo(dsn, dbname="ascii")
            with psycopg.connect(ascii_only, autocommit=True) as other:
                other.execute("create table l (x text)")
                other.execute(b"insert into l values (E'\\xe4')")
            with pytest.raises(RunError, match="invalid byte sequence"):
                _export(ascii_only, tmp_path / "lake")
        finally:
            connection.execute("drop database ascii with (force)")


@given(st.text("01", max_size=40))
def test_the_digits_of_bit_strings(bits: str) -> None:
    padded = bits + "0" * (-len(bits) % 8)
    sent = f"\\x{len(bits):08x}" + (f"{int(padded, 2):0{len(padded) // 4}x}" if padded else "")
    assert _digits(sent) == bits
