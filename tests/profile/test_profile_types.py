"""The profile of types beyond numbers, times and text, and of columns whose values cannot be computed."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.audit.database.server import Server
from order_audit.reports.html import reproduce
from order_audit.reports.profile import shown
from order_audit.reports.terminal.profile import profile_text
from tests.profile.profiled import bounds, execute, profile_of
from tests.support import servers

pytestmark = pytest.mark.both_versions

#: By column its type, and the values of two rows; a third row has none.
COLUMNS = {
    "price": ("money", "12.34", "12.34"),
    "ids": ("int[]", "{1,2,3}", "{}"),
    "tags": ("text[]", '{red,"light blue"}', "{red}"),
    "emails": ("text[]", "{ann@x.example}", None),
    "documents": ("json[]", '{"{\\"name\\": \\"Ann\\"}"}', None),
    "span": ("int4range", "[1,5)", "empty"),
    "days": ("daterange", "[2024-01-01,)", "(,2020-01-01)"),
    "weeks": ("datemultirange", "{[2024-01-01,2024-02-01)}", "{}"),
    "share": ("share", "[0.5,1.5)", "[2,3]"),
    "letters": ("letters", "[a,c)", "[a,c)"),
    "pair": ("pair", "(,)", "(1,Elm)"),
    "bytes": ("bytea", "\\x616e6e", ""),
    "pairs": ("hstore", "size=>1, colour=>red", "size=>2"),
    "path": ("ltree", "top.left", "top.left"),
    "at": ("pg_lsn", "0/16B3748", "0/2"),
    "transaction": ("xid8", "17", "18446744073709551615"),
    "point": ("point", "(1,2)", "(1,2)"),
    "words": ("tsvector", "'a' 'b'", "'c'"),
}  # fmt: skip


@pytest.fixture
def typed(dsn: str) -> str:
    """A table with all of these types."""
    execute(
        dsn,
        "create extension hstore",
        "create extension ltree",
        "create type pair as (n int, street text)",
        "create type share as range (subtype = float8)",
        "create type letters as range (subtype = text)",
        f"create table t ({', '.join(f'{name} {type_}' for name, (type_, *_) in COLUMNS.items())})",
        *(
            "insert into t values ("
            + ", ".join("null" if row is None else "'" + row.replace("'", "''") + "'" for row in rows)
            + ")"
            for rows in zip(*(values for _, *values in COLUMNS.values()), strict=True)
        ),
        "insert into t default values",
    )
    return dsn


def top(figures: dict[str, Any]) -> list[tuple[Any, int]]:
    """The most common values."""
    return [(it["value"], it["count"]) for it in figures["top"]]


def test_each_type_has_figures(typed: str) -> None:
    """Nulls as `count` has them, distinct values, lengths, extremes, most common values."""
    columns = profile_of(typed, "t")["t"]["columns"]
    for name, (_, *values) in COLUMNS.items():
        there = [value for value in values if value is not None]
        assert columns[name]["nulls"] == 3 - len(there), name
        assert columns[name]["distinct"] == len({*there}), name
    assert (columns["price"]["min"], columns["price"]["mean"], top(columns["price"])) == (12.34, 12.34, [(12.34, 2)])
    assert columns["ids"]["length"] == {"min": 0, "mean": 1.5, "max": 3, "empty": 1, "of": "element"}
    assert columns["bytes"]["length"] == {"min": 0, "mean": 1.5, "max": 3, "empty": 1, "of": "byte"}
    assert top(columns["bytes"]) == [("\\x", 1), ("\\x616e6e", 1)]
    assert top(columns["path"]) == [("top.left", 2)]
    assert top(columns["point"]) == [("(1,2)", 2)]
    assert top(columns["pair"]) == [("(,)", 1), ("(1,Elm)", 1)]
    ends = {"low": 1, "high": 5, "open_below": 0, "open_above": 0, "empty": 1}
    assert columns["span"]["range"] == ends
    open_ends = {"low": "2024-01-01", "high": "2020-01-01", "open_below": 1, "open_above": 1, "empty": 0}
    assert columns["days"]["range"] == open_ends
    assert columns["weeks"]["range"]["low"] == "2024-01-01"
    assert (columns["share"]["range"]["low"], columns["share"]["range"]["high"]) == (0.5, 3)
    assert "range" not in columns["letters"]
    assert columns["pairs"]["keys"] == [{"key": "size", "count": 2}, {"key": "colour", "count": 1}]
    assert (columns["at"]["min"], columns["at"]["max"]) == ("0/2", "0/16B3748")
    assert (columns["transaction"]["min"], columns["transaction"]["max"]) == (17, "18446744073709551615")


def test_what_is_masked_of_them(typed: str) -> None:
    """Numbers are shown, texts by the names of columns and attributes; bytes and documents never."""
    columns = profile_of(typed, "t", unmask=False)["t"]["columns"]
    assert top(columns["ids"]) == [("{1,2,3}", 1), ("{}", 1)]
    assert top(columns["share"]) == [("[0.5,1.5)", 1), ("[2,3]", 1)]
    assert top(columns["tags"]) == [('{red,"light blue"}', 1), ("{red}", 1)]
    assert top(columns["bytes"]) == []
    text = str(columns)
    for secret in ("ann@", "Ann", "Elm", "colour': 'red", "616e6e"):
        assert secret not in text, secret


def test_they_are_shown(typed: str) -> None:
    found = profile_of(typed, "t")
    text = " ".join(profile_text(found).split())
    for said in (
        "length 0 to 3 elements, mean 1.50; 1 empty",
        "least lower bound 2024-01-01; greatest upper bound 2020-01-01; 1 without a lower bound; 1 without an upper",
        "least lower bound 1; greatest upper bound 5; 1 empty",
        "length 1 element most common",
        "0/2 to 0/16B3748",
        "most common: top.left (2)",
    ):
        assert said in text, said


def test_statements_to_copy_run(typed: str) -> None:
    """Those of types without equality compare text."""
    statements = reproduce.figures("t", profile_of(typed, "t")["t"], "public")
    execute(typed, *statements.split(";\n"))


def test_wide_columns_of_these_types(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lengths and bounds are of all rows, distinct values are estimated from a part."""
    execute(
        dsn,
        "create type pair as (n int, m int)",
        "create table t as select array[g, g] as a, int4range(g, g + 5) as r, decode(md5(g::text), 'hex') as b,"
        " case when g > 100 then row(nullif(g, 101), null)::pair end as c, repeat('x', 60) as pad"
        " from generate_series(1, 3000) as g",
        "vacuum analyze t",
    )
    with bounds(monkeypatch, exact=100, picked=500):
        columns = profile_of(dsn, "t")["t"]["columns"]
    assert columns["a"]["picked_rows"] < 1000
    assert columns["a"]["length"] == {"min": 2, "mean": 2, "max": 2, "empty": 0, "of": "element"}
    assert columns["b"]["length"]["max"] == 16
    assert (columns["r"]["range"]["low"], columns["r"]["range"]["high"]) == (1, 3005)
    assert columns["c"]["nulls"] == 100
    for name in ("a", "r", "b", "c"):
        assert columns[name]["distinct"] == pytest.approx(3000, rel=0.2), name


def test_a_column_that_fails_costs_only_itself(dsn: str, server: Server) -> None:
    """A virtual column, and a column of a view: the reason stands in place of its figures."""
    tables = ["bad"]
    execute(
        dsn,
        "create table sale (id int primary key, qty int)",
        "insert into sale values (1, 0), (2, 5)",
        "create view bad as select id, qty, 1 / qty as share from sale",
        "create view worse as select 1 / qty as share from sale",
    )
    if server.bin == servers.binaries(18):
        execute(
            dsn,
            "create table virtual (id int primary key, qty int, share int generated always as (1 / qty) virtual)",
            "insert into virtual values (1, 0), (2, 5)",
        )
        tables.append("virtual")
    found = profile_of(dsn, *tables, "worse")
    for name in tables:
        columns = found[name]["columns"]
        assert columns["share"] == {"type": "integer", "error": "not profiled: division by zero"}
        assert (columns["qty"]["min"], columns["qty"]["max"], found[name]["rows"]) == (0, 5, 2)
    assert found["worse"] == {"error": "division by zero"}
    assert "division by zero" in shown(found).tables[0].columns[2].error


def test_materialized_views_are_masked_where_personal(dsn: str) -> None:
    execute(
        dsn,
        "create table sale (id int primary key, amount int, phone text)",
        "insert into sale values (1, 50, '212-555-0142')",
        "create materialized view total as select id, amount as n, phone as p from sale",
    )
    columns = profile_of(dsn, "total", unmask=False)["total"]["columns"]
    assert (columns["id"]["min"], columns["n"]["mean"]) == (1, 50)
    assert top(columns["p"]) == [("•••-•••-••••", 1)]
