"""The profile of tables: against an independent computation in pandas, and on whatever a database may hold."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg import sql

from order_audit import scenario
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.profiling.profile import profile
from order_audit.reports.terminal.profile import profile_text
from tests.support import servers

_NUMBERS = ("whole", "large", "real", "double", "exact")


def _profile(
    dsn: str, *names: str, sample: float | None = None, unmask: bool = True, timeout: float | None = None
) -> dict[str, Any]:
    with Snapshot(dsn, timeout=timeout) as snapshot:
        found = catalog.relations(snapshot.connection, [RelationName("", name) for name in names])
        result = profile(
            snapshot.connection, [found[RelationName("", name)] for name in names], sample=sample, unmask=unmask
        )
        # the snapshot is as it was, and all of it is JSON
        assert snapshot.connection.execute("select 1").fetchone() == (1,)
    json.dumps(result, allow_nan=False)
    assert profile_text(result)
    return result


def _execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _random_rows(seed: int, count: int) -> list[tuple[Any, ...]]:
    draw = random.Random(seed)

    def maybe(value: Any, nulls: float = 0.1) -> Any:
        return None if draw.random() < nulls else value

    alphabet = "abcXYZ019 .-äß日"
    return [
        (
            number,
            maybe(draw.randint(-50, 50)),
            maybe(draw.randint(-(2**62), 2**62)),
            maybe(draw.choice([math.nan, math.inf, -math.inf, draw.uniform(-1, 1), float(draw.randint(0, 5))])),
            maybe(draw.choice([math.nan, math.inf, draw.gauss(0, 1e6), 0.1, 0.1, 1e200])),
            maybe(Decimal(draw.randint(-(10**12), 10**12)) / 1000),
            maybe("".join(draw.choices(alphabet, k=draw.randint(0, 6)))),
            maybe(date(2020, 1, 1) + timedelta(days=draw.randint(0, 900))),
            maybe(datetime(2020, 1, 1) + timedelta(microseconds=draw.randint(0, 10**15))),
            maybe(draw.random() < 0.3),
            maybe(f"{draw.getrandbits(11):011b}"),
            maybe(json.dumps(draw.choice([{"a": 1}, {"a": 1, "b ü": 2}, [1], "x", None, 3, True]))),
            maybe(draw.choice(["one", "two"])),
        )
        for number in range(count)
    ]


_COLUMNS = ("id", *_NUMBERS, "text", "day", "moment", "flag", "bits", "document", "delivery_script_name")


def _load(dsn: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table t (id int primary key, whole int, large int8, real float4, double float8, exact numeric,"
            " text text, day date, moment timestamp, flag bool, bits bit(11), document json, delivery_script_name text)"
        )
        with connection.cursor().copy("copy t from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("analyze t")
    # every column as objects: pandas itself would make floats of whole numbers beside NULLs
    return pd.DataFrame(
        {name: pd.Series(column, dtype=object) for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)}
    )


def _close(found: Any, expected: Any) -> bool:
    return math.isclose(float(found), float(expected), rel_tol=1e-6, abs_tol=1e-9)


@contextmanager
def _bounds(monkeypatch: pytest.MonkeyPatch, exact: int, picked: int) -> Iterator[None]:
    """Small bounds, so that small tables are wide."""
    from order_audit.audit.profiling import profile as module

    with monkeypatch.context() as patch:
        patch.setattr(module, "EXACT", exact)
        patch.setattr(module, "PICKED", picked)
        patch.setattr(module, "_SMALL", 16_384)
        yield


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_are_those_of_pandas(dsn: str, seed: int) -> None:
    frame = _load(dsn, _random_rows(seed, 700))
    entry = _profile(dsn, "t")["t"]
    assert entry["rows"] == len(frame)
    assert "sampled" not in entry
    for name, figures in entry["columns"].items():
        there = (
            frame[name].dropna()
            if name not in ("real", "double")
            else frame[name][[v is not None for v in frame[name]]]
        )
        assert figures["nulls"] == sum(value is None for value in frame[name]), name
        if name in _NUMBERS:
            _check_numbers(name, figures, list(there))
        if name == "document":
            continue
        assert not figures["distinct_estimated"]
        values = [np.float32(v).item() if name == "real" else v for v in there]
        different = {"NaN" if isinstance(v, float) and math.isnan(v) else v for v in values}
        assert figures["distinct"] == len(different), name
    _check_text(entry["columns"]["text"], frame["text"].dropna())
    _check_times(entry["columns"], frame)
    flags = frame["flag"].dropna()
    assert (entry["columns"]["flag"]["true"], entry["columns"]["flag"]["false"]) == (
        sum(flags),
        len(flags) - sum(flags),
    )
    bits = frame["bits"].dropna()
    assert entry["columns"]["bits"]["bits"] == pytest.approx([bits.str[place].eq("1").mean() for place in range(11)])
    _check_documents(entry["columns"]["document"], frame)


def _check_numbers(name: str, figures: dict[str, Any], values: list[Any]) -> None:
    if name in ("real", "double"):
        assert figures["nan"] == sum(math.isnan(value) for value in values)
        assert figures["inf"] == values.count(math.inf)
        assert figures["minus_inf"] == values.count(-math.inf)
    finite = sorted(float(value) for value in values if math.isfinite(value))
    assert _close(figures["min"], finite[0])
    assert _close(figures["max"], finite[-1])
    assert _close(figures["mean"], math.fsum(finite) / len(finite))
    for share, found in figures["quantiles"].items():
        assert _close(found, np.quantile(finite, int(share) / 100, method="inverted_cdf")), (name, share)
    assert sum(figures["histogram"]["counts"]) == len(finite)
    assert len(figures["histogram"]["bounds"]) == len(figures["histogram"]["counts"]) + 1
    if name in ("whole", "exact"):
        counts, bounds = np.histogram(finite, bins=20)
        assert figures["histogram"]["counts"] == counts.tolist()
        assert figures["histogram"]["bounds"] == pytest.approx(bounds.tolist())
    if name == "whole":
        top = pd.Series(values).value_counts()
        assert [found["count"] for found in figures["top"]] == top.head(10).tolist()
        assert all(top[found["value"]] == found["count"] for found in figures["top"])
    if name == "large":
        assert (figures["min"], figures["max"]) == (min(values), max(values))  # to the last digit


def _check_text(figures: dict[str, Any], texts: pd.Series[Any]) -> None:
    lengths = texts.str.len()
    assert figures["length"] == {
        "min": lengths.min(), "mean": pytest.approx(lengths.mean()), "max": lengths.max(), "empty": (texts == "").sum(),
    }  # fmt: skip
    assert (figures["min"], figures["max"]) == (min(texts, key=str.encode), max(texts, key=str.encode))
    assert figures["characters"] == {
        "digits": texts.str.contains("[0-9]").sum(),
        "letters": sum(any(letter.isalpha() for letter in text) for text in texts),
        "upper": texts.str.contains("[XYZ]").sum(),
        "lower": texts.str.contains("[abcäß]").sum(),
        "spaces": texts.str.contains(" ").sum(),
        "punctuation": texts.str.contains("[.-]").sum(),
        "non_ascii": sum(not text.isascii() for text in texts),
    }
    top = texts.value_counts()
    assert all(top[found["value"]] == found["count"] for found in figures["top"])


def _check_times(columns: dict[str, Any], frame: pd.DataFrame) -> None:
    for name in ("day", "moment"):
        times = sorted(frame[name].dropna())
        read = type(times[0]).fromisoformat
        assert (read(columns[name]["min"]), read(columns[name]["max"])) == (times[0], times[-1])
        for share, found in columns[name]["quantiles"].items():
            assert read(found) == times[math.ceil(int(share) / 100 * len(times)) - 1]
        assert sum(columns[name]["histogram"]["counts"]) == len(times)


def _check_documents(figures: dict[str, Any], frame: pd.DataFrame) -> None:
    documents = frame.dropna(subset="document").assign(parsed=lambda rows: rows["document"].map(json.loads))
    objects = [document for document in documents["parsed"] if isinstance(document, dict)]
    assert figures["types"]["object"] == len(objects)
    assert sum(figures["types"].values()) == len(documents)
    assert {found["key"]: found["count"] for found in figures["keys"]} == {
        key: sum(key in document for document in objects) for key in ("a", "b ü")
    }
    for found in figures["by_value"]:
        script = documents["delivery_script_name"]
        chosen = documents[script.isna() if found["value"] is None else script == found["value"]]
        assert found["rows"] == len(chosen)
        assert {key["key"]: key["count"] for key in found["keys"]}["a"] == sum(
            isinstance(document, dict) for document in chosen["parsed"]
        )


@pytest.mark.both_versions
def test_columns_of_many_values_are_exact_where_they_can_be_and_say_so(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _random_rows(4, 20_000)
    frame = _load(dsn, rows)
    with _bounds(monkeypatch, exact=500, picked=4_000):
        entry = _profile(dsn, "t")["t"]
    assert entry["rows"] == len(frame)
    columns = entry["columns"]
    for name in ("id", "large", "exact", "moment", "text", "double"):
        figures, there = columns[name], [value for value in frame[name] if value is not None]
        assert figures["nulls"] == len(frame) - len(there)
        assert 3_000 < figures["picked_rows"] < 5_000, name
        assert figures["distinct_estimated"] == (name != "id")
        different = len({"NaN" if value != value else value for value in there})
        assert figures["distinct"] == pytest.approx(different, rel=0.1 if name != "id" else 0)
    for name in ("large", "exact"):
        values = [value for value in frame[name] if value is not None]
        assert _close(columns[name]["min"], min(values))
        assert _close(columns[name]["max"], max(values))
        assert _close(columns[name]["mean"], sum(values) / len(values))
        spread = float(max(values) - min(values))
        for share, found in columns[name]["quantiles"].items():
            assert float(found) == pytest.approx(
                float(np.quantile([float(v) for v in values], int(share) / 100)), abs=spread / 20
            )
    double = [value for value in frame["double"] if value is not None]
    assert columns["double"]["nan"] == sum(math.isnan(value) for value in double)
    assert columns["double"]["inf"] == double.count(math.inf)
    finite = [value for value in double if math.isfinite(value)]
    assert _close(columns["double"]["mean"], math.fsum(finite) / len(finite))
    assert columns["double"]["top"][0]["value"] in (0.1, 1e200, "NaN", "Infinity")
    texts = frame["text"].dropna()
    assert columns["text"]["length"]["mean"] == pytest.approx(texts.str.len().mean())
    assert columns["text"]["length"]["empty"] == (texts == "").sum()
    assert datetime.fromisoformat(columns["moment"]["max"]) == max(frame["moment"].dropna())
    assert "picked_rows" not in columns["whole"]  # few values: exact
    _check_numbers("whole", columns["whole"], list(frame["whole"].dropna()))


def _read(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_clear_snapshot()")
        row = connection.execute("select seq_tup_read from pg_stat_user_tables where relname = 't'").fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("wide", [False, True])
def test_reads_the_table_once(dsn: str, monkeypatch: pytest.MonkeyPatch, wide: bool) -> None:
    _load(dsn, _random_rows(5, 3_000))
    _execute(dsn, "create table big as select g, md5(g::text) from generate_series(1, 3000) as g", "drop table t",
             "alter table big rename to t", "vacuum analyze t")  # fmt: skip
    time.sleep(1.1)  # sessions tell what they read when they end, and at most every second
    before = _read(dsn)
    looked = 0
    if wide:
        monkeypatch.setattr("order_audit.audit.profiling.profile._SURVEYED", 5)
        looked = 1_000  # at most the rows of the pages that are looked at beforehand
        with _bounds(monkeypatch, exact=100, picked=200):
            entry = _profile(dsn, "t")["t"]
        assert entry["columns"]["md5"]["distinct_estimated"]
    else:
        entry = _profile(dsn, "t")["t"]
    assert entry["rows"] == 3_000
    deadline = time.monotonic() + 10
    while _read(dsn) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 3_000 <= _read(dsn) - before <= 3_000 + looked


@pytest.mark.both_versions
def test_masks_what_is_personal(sample: str) -> None:
    shown = json.dumps(_profile(sample, "customers", "orders", unmask=False), ensure_ascii=False)
    for secret in ("goldengate", "Maren", "Oduya", "555-1234", "Fulton", "not-a-real-key"):
        assert secret not in shown
    assert "•" in shown
    open_ = json.dumps(_profile(sample, "customers", "orders", unmask=True))
    assert "goldengate" in open_
    assert "not-a-real-key" in open_


def test_masks_personal_numbers_and_whatever_a_view_shows(dsn: str) -> None:
    _execute(
        dsn,
        "create table people (id int primary key, phone int8, latitude float8, secret json, kind int)",
        "insert into people select g, 2125550100 + g % 3, 40.71281 + g % 2,"
        ' \'{"Maren@example.com": "hidden-words"}\', 7'
        " from generate_series(1, 9) as g",
        "create view v as select phone as harmless, latitude as x, 'Maren Oduya' as y from people",
    )
    shown = _profile(dsn, "people", "v", unmask=False)
    text = json.dumps(shown, ensure_ascii=False)
    for secret in ("212555", "40.7", "41.7", "Maren", "hidden-words"):
        assert secret not in text
    assert shown["people"]["columns"]["phone"]["histogram"] is None
    assert shown["people"]["columns"]["kind"]["min"] == 7


@pytest.mark.both_versions
def test_samples(dsn: str) -> None:
    _execute(dsn, "create table s (id int primary key, few int, pad text)",
             "insert into s select g, g % 7, repeat('x', 50) from generate_series(1, 20000) as g")  # fmt: skip
    entry = _profile(dsn, "s", sample=25.0)["s"]
    assert entry["sampled"] == 25.0
    assert 2_000 < entry["rows"] < 8_000
    assert entry["columns"]["few"]["distinct"] == 7
    assert entry["columns"]["few"]["distinct_estimated"]
    assert entry["columns"]["id"]["distinct"] == pytest.approx(entry["rows"] * 4, rel=0.01)
    assert entry == _profile(dsn, "s", sample=25.0)["s"]
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
        assert _profile(dsn, hostile)[hostile]["rows"] == 0
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
    entry = _profile(dsn, hostile)[hostile]
    assert "error" not in entry
    assert all(figures["nulls"] == 1 for figures in entry["columns"].values())
    by_type = {figures["type"]: figures for figures in entry["columns"].values()}
    assert set(by_type["integer[]"]) == {"type", "nulls"}
    assert by_type["positive"]["min"] == 3
    assert by_type["void_"]["max"] == 4
    assert by_type["json"]["unreadable"] == 1
    assert by_type["mood"]["top"] == [{"value": "glad", "count": 1}]
    assert by_type["timestamp with time zone"]["inf"] == 1
    assert by_type["bit varying"]["bits"] == [1, 0, 1, 1, 0]
    assert not any(letter in profile_text({hostile: entry}) for letter in "\x1b\r")


@pytest.mark.both_versions
def test_times_beyond_the_calendar_of_python(dsn: str) -> None:
    _execute(dsn, "create table far (day date, moment timestamptz)",
             "insert into far values ('4000-01-01 BC', '200000-01-01'), ('50000-01-01', '0044-03-15 BC')")  # fmt: skip
    columns = _profile(dsn, "far")["far"]["columns"]
    assert "BC" in columns["day"]["min"]
    assert columns["day"]["max"] == "50000-01-01"


def test_numbers_that_no_float_holds(dsn: str) -> None:
    _execute(dsn, "create table huge (n numeric, f float8)",
             "insert into huge select n, f from (values (10::numeric ^ 5000, 1.7e308), (-1 / 3.0, 1.7e308),"
             " (12345678901234567890.5, -1.7e308)) as v (n, f)")  # fmt: skip
    columns = _profile(dsn, "huge")["huge"]["columns"]
    assert columns["n"]["max"].startswith("10000")
    assert columns["n"]["quantiles"]["50"] == "12345678901234567890.5"
    assert columns["f"]["mean"] == pytest.approx(1.7e308 / 3)


def test_a_sample_with_columns_of_many_values(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(dsn, _random_rows(6, 20_000))
    with _bounds(monkeypatch, exact=500, picked=1_000):
        entry = _profile(dsn, "t", sample=50.0)["t"]
    assert "picked_rows" in entry["columns"]["large"]
    assert entry["columns"]["id"]["distinct"] == pytest.approx(entry["rows"] * 2, abs=1)
    assert entry["columns"]["large"]["distinct"] == pytest.approx(entry["rows"] * 2 * 0.9, rel=0.1)
    assert entry["columns"]["large"]["distinct_estimated"]


def test_a_table_of_no_columns_and_one_of_many(dsn: str) -> None:
    many = ", ".join(f"c{place} {'int' if place % 2 else 'int[]'}" for place in range(300))
    _execute(dsn, "create table none ()", "insert into none default values", f"create table many ({many})",
             "insert into many (c1) values (1)")  # fmt: skip
    found = _profile(dsn, "none", "many")
    assert (found["none"]["rows"], found["none"]["columns"]) == (1, {})
    assert len(found["many"]["columns"]) == 300
    assert found["many"]["columns"]["c2"]["nulls"] == 1


@pytest.mark.both_versions
def test_partitions_views_and_materialised_views(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.audit.profiling.value_counts.FIRST", 500)
    monkeypatch.setattr("order_audit.audit.profiling.column_figures.FIRST", 500)
    _execute(
        dsn,
        "create table parted (id int primary key, x text) partition by range (id)",
        "create table p1 partition of parted for values from (0) to (400)",
        "create table p2 partition of parted for values from (400) to (10000)",
        "insert into parted select g, g::text from generate_series(0, 999) as g",
        "create view v as select * from parted",
        "create materialized view m as select * from parted",
    )
    found = _profile(dsn, "parted", "v", "m")
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
        found = _profile(psycopg.conninfo.make_conninfo("", **(info | {"user": "profiler"})), "customers", "orders")
    finally:
        _execute(sample, "drop owned by profiler", "drop role profiler")
    assert found["customers"]["rows"] == 5
    assert found["customers"]["columns"]["customer_name"]["distinct"] == 5
    assert "error" in found["customers"]["columns"]["customer_email"]
    assert not found["customers"]["key"]["sequence"]["readable"]
    assert "permission denied" in found["orders"]["error"]


def test_a_table_that_takes_too_long_costs_only_itself(dsn: str) -> None:
    _execute(dsn, "create view slow as select g, pg_sleep(0.01)::text as x from generate_series(1, 1000) as g",
             "create table quick as select 1 as a")  # fmt: skip
    found = _profile(dsn, "slow", "quick", timeout=3)
    assert "timeout" in found["slow"]["error"]
    assert found["quick"]["rows"] == 1


def test_lineages_take_orders_that_can_be_told_apart(dsn: str) -> None:
    """Where an order_id stands twice, each step along a chain would double the rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
        connection.execute("alter table orders drop constraint orders_pkey")
        assert _profile(dsn, "orders", "customers")["orders"]["lineages"]["lineages"] == 8
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id)"
            " select g, g - 1, 1 from generate_series(2000, 2200) as g cross join generate_series(1, 3)"
        )
    found = _profile(dsn, "orders", "customers")
    assert found["orders"]["lineages"] == {"error": "order_id is not known to be different in each row"}
    assert "bands" in found["customers"]["orders_per_customer"]


@pytest.mark.both_versions
def test_orders_and_customers_together(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
        connection.execute("truncate orders, customers")
        connection.execute(
            "insert into customers select g, 'n', 'e', 'c', null, 'a', 's', b from unnest(array[100, 100, 100, 100,"
            " 'NaN'::float8]) with ordinality as c (b, g)"
        )
        # 1 has a chain by parents, 2 one by first ancestors, 3 a circle, 4 none
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status) values"
            " (1, 1, 1, 10, 'recreated'), (2, 1, 1, 10, 'recreated'), (3, 2, 1, 30, 'active'),"
            " (4, 4, 2, 60, 'recreated'), (5, 4, 2, 60, 'recreated'), (6, 4, 2, 101, 'active'),"
            " (7, 8, 3, 50, 'paused'), (8, 7, 3, 50, 'expired'), (9, 9, 5, 1, 'pending')"
        )
    found = _profile(dsn, "orders", "customers")
    lineages = found["orders"]["lineages"]
    assert lineages["sizes"] == [[1, 1], [3, 2]]
    assert lineages["depths"] == [[0, 1], [1, 1], [2, 1]]
    assert lineages["outside"] == 2
    assert lineages["status_by_position"] == {
        "1": {"active": 0, "pending": 1, "recreated": 2},
        "2": {"active": 0, "pending": 0, "recreated": 2},
        "3": {"active": 2, "pending": 0, "recreated": 0},
        "last": {"active": 2, "pending": 1, "recreated": 0},
    }
    exposure = found["customers"]["exposure"]
    assert {band: figures["customers"] for band, figures in exposure.items()} == {
        "none": 1, "under_half": 1, "half_to_all": 1, "over": 1, "unknown": 1,
    }  # fmt: skip
    assert found["customers"]["orders_per_customer"]["bands"] == [[0, 0, 1], [1, 1, 1], [2, 2, 1], [3, 3, 2]]


def test_positions_in_long_lineages(dsn: str) -> None:
    """From the 11th on they count together, orders without a status have a column, and the last ones come last."""
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
        connection.execute("truncate orders, customers")
        connection.execute("alter table orders alter order_status drop not null")
        connection.execute("insert into customers values (1, 'n', 'e', 'c', null, 'a', 's', 100)")
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
            " select g, 1, 1, 10, case when g < 13 then 'recreated' end from generate_series(1, 13) as g"
        )
    counts = _profile(dsn, "orders", "customers")["orders"]["lineages"]["status_by_position"]
    recreated = {str(place): {"null": 0, "recreated": 1} for place in range(1, 11)}
    assert counts == recreated | {"11+": {"null": 1, "recreated": 2}, "last": {"null": 1, "recreated": 0}}
    assert list(counts) == [*recreated, "11+", "last"]


def test_a_week_is_seven_lines(sample: str) -> None:
    text = profile_text(_profile(sample, "orders"))
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
        _execute(dsn, "create table t (x text, j json)", "insert into t values ('né', '{\"a\": 1}')")
        figures = _profile(dsn, "t")["t"]["columns"]
        assert figures["x"]["characters"]["non_ascii"] == 1
        assert figures["j"]["keys"] == [{"key": "a", "count": 1}]
    finally:
        servers.drop_database(server, dsn)
