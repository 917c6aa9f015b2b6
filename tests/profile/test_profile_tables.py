"""The profile of whatever a database may hold: read once, masked, and denied."""

from __future__ import annotations

import json
import time

import psycopg
import pytest
from psycopg import sql

from order_audit.audit.database.server import Server
from order_audit.reports.terminal.profile import profile_text
from tests.profile.profiled import bounds, execute, load_rows, profile_of, random_rows
from tests.support import servers


def _read(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_clear_snapshot()")
        row = connection.execute("select seq_tup_read from pg_stat_user_tables where relname = 't'").fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("wide", [False, True])
def test_reads_the_table_once(dsn: str, monkeypatch: pytest.MonkeyPatch, wide: bool) -> None:
    load_rows(dsn, random_rows(5, 3_000))
    execute(dsn, "create table big as select g, md5(g::text) from generate_series(1, 3000) as g", "drop table t",
             "alter table big rename to t", "vacuum analyze t")  # fmt: skip
    time.sleep(1.1)  # sessions report their reads when they end, and at most every second
    before = _read(dsn)
    looked = 0
    if wide:
        monkeypatch.setattr("order_audit.audit.profiling.profile._SURVEYED", 5)
        looked = 1_000  # at most the rows of the pages that are looked at beforehand
        with bounds(monkeypatch, exact=100, picked=200):
            entry = profile_of(dsn, "t")["t"]
        assert entry["columns"]["md5"]["distinct_estimated"]
    else:
        entry = profile_of(dsn, "t")["t"]
    assert entry["rows"] == 3_000
    deadline = time.monotonic() + 10
    while _read(dsn) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 3_000 <= _read(dsn) - before <= 3_000 + looked


@pytest.mark.both_versions
def test_masks_what_is_personal(sample: str) -> None:
    shown = json.dumps(profile_of(sample, "customers", "orders", unmask=False), ensure_ascii=False)
    for secret in ("goldengate", "Maren", "Oduya", "555-1234", "Fulton", "not-a-real-key"):
        assert secret not in shown
    assert "•" in shown
    open_ = json.dumps(profile_of(sample, "customers", "orders", unmask=True))
    assert "goldengate" in open_
    assert "not-a-real-key" in open_


def test_masks_personal_numbers_and_whatever_a_view_shows(dsn: str) -> None:
    execute(
        dsn,
        "create table people (id int primary key, phone int8, latitude float8, secret json, kind int)",
        "insert into people select g, 2125550100 + g % 3, 40.71281 + g % 2,"
        ' \'{"Maren@example.com": "hidden-words"}\', 7'
        " from generate_series(1, 9) as g",
        "create view v as select phone as harmless, latitude as x, 'Maren Oduya' as y from people",
    )
    shown = profile_of(dsn, "people", "v", unmask=False)
    text = json.dumps(shown, ensure_ascii=False)
    for secret in ("212555", "40.7", "41.7", "Maren", "hidden-words"):
        assert secret not in text
    assert shown["people"]["columns"]["phone"]["histogram"] is None
    assert shown["people"]["columns"]["kind"]["min"] == 7


@pytest.mark.both_versions
def test_samples(dsn: str) -> None:
    execute(dsn, "create table s (id int primary key, few int, pad text)",
             "insert into s select g, g % 7, repeat('x', 50) from generate_series(1, 20000) as g")  # fmt: skip
    entry = profile_of(dsn, "s", sample=25.0)["s"]
    assert entry["sampled"] == 25.0
    assert 2_000 < entry["rows"] < 8_000
    assert entry["columns"]["few"]["distinct"] == 7
    assert entry["columns"]["few"]["distinct_estimated"]
    assert entry["columns"]["id"]["distinct"] == pytest.approx(entry["rows"] * 4, rel=0.01)
    assert entry == profile_of(dsn, "s", sample=25.0)["s"]
    assert "sample of 25 %" in profile_text({"s": entry})


@pytest.mark.both_versions
def test_survives_hostile_names_and_every_type(dsn: str, server: Server) -> None:
    hostile = "a\"b'c;--{}%s\n\x1b[31mé"
    xml = "xml" if server.bin != servers.binaries(18) else "text"  # the embedded server has none
    types = ("int[]", xml, "int4range", "int4multirange", "bytea", "point", "tsvector", "inet", "cidr", "macaddr",
             "macaddr8", "uuid", "money", "oid", '"char"', "name", "bpchar", "varchar(5)", "interval", "time",
             "timetz", "timestamptz", "date", "jsonb", "json", "varbit", "bit(3)", "real", "smallint", "boolean",
             "regclass", "pg_lsn", "xid", "mood", "positive", "pair", "positive[]", "numeric", "jsonpath", "tid",
             "void_")  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create type mood as enum ('sad', 'glad')")
        connection.execute("create domain positive as int check (value > 0)")
        connection.execute("create domain void_ as positive")
        connection.execute("create type pair as (a int, b text)")
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(f"{hostile} {place}"), sql.SQL(type_))
            for place, type_ in enumerate(types)
        )
        connection.execute(sql.SQL("create table {} ({})").format(sql.Identifier(hostile), columns))
        assert profile_of(dsn, hostile)[hostile]["rows"] == 0
        values = ["{1,2}", "<a/>", "[1,2)", "{[1,2)}", "\\x00ff", "(1,2)", "a b", "10.0.0.1", "10.0.0.0/8",
                  "08:00:2b:01:02:03", "08:00:2b:01:02:03:04:05", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "12.34",
                  "7", "x", "n", "b", "v", "1 year 2 days", "12:34:56.7", "12:34:56+02", "infinity", "-infinity",
                  '{"a": {"b": 1}}', '{"\\u0000": 1, "\\ud800": 2}', "10110", "101", "NaN", "-32768", "true",
                  "pg_class", "0/16B3748", "17", "glad", "3", "(1,x)", "{1}", "-Infinity", "$.a",
                  "(0,1)", "4"]  # fmt: skip
        for row in (values, [None] * len(values)):
            connection.execute(
                sql.SQL("insert into {} values ({})").format(
                    sql.Identifier(hostile), sql.SQL(", ").join(map(sql.Literal, row))
                )
            )
    entry = profile_of(dsn, hostile)[hostile]
    assert "error" not in entry
    assert all(figures["nulls"] == 1 for figures in entry["columns"].values())
    by_type = {figures["type"]: figures for figures in entry["columns"].values()}
    assert by_type["integer[]"]["length"]["max"] == 2
    assert by_type["positive"]["min"] == 3
    assert by_type["void_"]["max"] == 4
    assert by_type["json"]["unreadable"] == 1
    assert by_type["mood"]["top"] == [{"value": "glad", "count": 1}]
    assert by_type["timestamp with time zone"]["inf"] == 1
    assert by_type["bit varying"]["bits"] == [1, 0, 1, 1, 0]
    assert not any(letter in profile_text({hostile: entry}) for letter in "\x1b\r")


@pytest.mark.both_versions
def test_an_escaped_backslash_and_a_pair_of_surrogates_can_be_read(dsn: str) -> None:
    """Only what text cannot hold is counted as that, and left out of the keys."""
    execute(dsn, "create table t (doc json)",
            r"""insert into t values ('{"a": "\\u0000"}'), ('{"a": "\ud83d\ude00"}')""",
            r"""insert into t values ('{"b": "\ud83d"}'), ('{"c": "\u0000"}')""")  # fmt: skip
    figures = profile_of(dsn, "t")["t"]["columns"]["doc"]
    assert figures["unreadable"] == 2
    assert figures["keys"] == [{"key": "a", "count": 2}]


@pytest.mark.both_versions
def test_times_beyond_the_calendar_of_python(dsn: str) -> None:
    execute(dsn, "create table far (day date, moment timestamptz)",
             "insert into far values ('4000-01-01 BC', '200000-01-01'), ('50000-01-01', '0044-03-15 BC')")  # fmt: skip
    columns = profile_of(dsn, "far")["far"]["columns"]
    assert "BC" in columns["day"]["min"]
    assert columns["day"]["max"] == "50000-01-01"


def test_a_table_of_no_columns_and_one_of_many(dsn: str) -> None:
    many = ", ".join(f"c{place} {'int' if place % 2 else 'int[]'}" for place in range(300))
    execute(dsn, "create table none ()", "insert into none default values", f"create table many ({many})",
             "insert into many (c1) values (1)")  # fmt: skip
    found = profile_of(dsn, "none", "many")
    assert (found["none"]["rows"], found["none"]["columns"]) == (1, {})
    assert len(found["many"]["columns"]) == 300
    assert found["many"]["columns"]["c2"]["nulls"] == 1


@pytest.mark.both_versions
def test_partitions_views_and_materialised_views(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.audit.profiling.value_counts.FIRST", 500)
    monkeypatch.setattr("order_audit.audit.profiling.column_figures.FIRST", 500)
    execute(
        dsn,
        "create table parted (id int primary key, x text) partition by range (id)",
        "create table p1 partition of parted for values from (0) to (400)",
        "create table p2 partition of parted for values from (400) to (10000)",
        "insert into parted select g, g::text from generate_series(0, 999) as g",
        "create view v as select * from parted",
        "create materialized view m as select * from parted",
    )
    found = profile_of(dsn, "parted", "v", "m")
    assert found["parted"]["rows"] == found["m"]["rows"] == 1000
    assert found["parted"]["bytes"]["table"] > 0
    assert found["v"]["first_rows"] == 501
    assert found["parted"]["key"] | {"sequence": None} == {"columns": ["id"], "min": 0, "max": 999, "sequence": None}


@pytest.mark.both_versions
def test_what_is_denied_is_said(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("drop role if exists profiler")
        connection.execute("create role profiler login")
        connection.execute("grant select (customer_id, customer_name) on customers to profiler")
    info = psycopg.conninfo.conninfo_to_dict(sample)
    try:
        found = profile_of(psycopg.conninfo.make_conninfo("", **(info | {"user": "profiler"})), "customers", "orders")
    finally:
        execute(sample, "drop owned by profiler", "drop role profiler")
    assert found["customers"]["rows"] == 5
    assert found["customers"]["columns"]["customer_name"]["distinct"] == 5
    assert "error" in found["customers"]["columns"]["customer_email"]
    assert not found["customers"]["key"]["sequence"]["readable"]
    assert "permission denied" in found["orders"]["error"]


def test_a_table_that_takes_too_long_costs_only_itself(dsn: str) -> None:
    execute(dsn, "create view slow as select g, pg_sleep(0.01)::text as x from generate_series(1, 1000) as g",
             "create table quick as select 1 as a")  # fmt: skip
    found = profile_of(dsn, "slow", "quick", timeout=3)
    assert "timeout" in found["slow"]["error"]
    assert found["quick"]["rows"] == 1


def test_a_week_is_seven_lines(sample: str) -> None:
    text = profile_text(profile_of(sample, "orders"))
    days = [line.split()[-1] for line in text.splitlines() if line.strip().startswith("day ")]
    assert [len(day) for day in days] == [48] * 7
    assert set("".join(days)) <= set("·░▒▓█")


@pytest.mark.both_versions
def test_servers_other_than_utf8(server: Server) -> None:
    dsn = servers.new_database(
        server,
        options="encoding 'LATIN1' locale 'C'"
        + (" locale_provider libc" if server.bin == servers.binaries(18) else ""),
    )
    try:
        execute(dsn, "create table t (x text, j json)", "insert into t values ('né', '{\"a\": 1}')")
        figures = profile_of(dsn, "t")["t"]["columns"]
        assert figures["x"]["characters"]["non_ascii"] == 1
        assert figures["j"]["keys"] == [{"key": "a", "count": 1}]
    finally:
        servers.drop_database(server, dsn)
