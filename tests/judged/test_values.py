"""Rows that a change of type refuses or changes are counted, with their keys. Each outcome is tried on the server."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.schema.judge_casts import has_more_decimals, source
from order_audit.audit.schema.judge_catalog import Column
from tests.judged.support import outcome

pytestmark = pytest.mark.both_versions

#: A column's type, its values with keys from 1, the new type, USING; then the outcome, and rows by the obstacle's end.
CASES = [
    ("int", "1, 2147483647", "bigint", "", "runs", {}),
    ("bigint", "1, 2147483648, -2147483649", "int", "", "refused", {"out of range": "2, 3"}),
    ("smallint", "1", "numeric(14, 2)", "", "runs", {}),
    ("bigint", "1, 1000000000000, -999999999999", "numeric(14, 2)", "", "refused", {"too large": "2"}),
    ("numeric(8, 2)", "1.25", "numeric(10, 2)", "", "runs", {}),
    ("numeric(8, 2)", "1.25", "numeric(10, 3)", "", "runs", {}),
    ("numeric(8, 3)", "1.25, 1.125", "numeric(10, 2)", "", "changes", {"more than 2 decimals": "2"}),
    ("numeric(8, 3)", "1.250, 99999, 1000", "numeric(5, 2)", "", "refused", {"too large": "2, 3"}),
    ("numeric(8, 3)", "1, 1.5", "integer", "", "changes", {"": ""}),
    ("float8", "1.5, 51.5074", "integer", "", "changes", {"": ""}),
    ("float8", "1.1, 'NaN', 99.004", "numeric(14, 2)", "c::text::numeric", "changes", {"more than 2 decimals": "3"}),
    ("float8", "'Infinity', '-Infinity', 2", "numeric(14, 2)", "c::text::numeric", "refused", {"infinite": "1, 2"}),
    ("float4", "1.5, 0.25", "float8", "", "runs", {}),
    ("float8", "0.1, 12345678901234.56", "numeric(20, 2)", "c::numeric", "changes", {"15 digits": "2"}),
    ("money", "1.5, 2", "numeric(14, 2)", "c::numeric", "runs", {}),
    ("int", "0, 1", "boolean", "c <> 0", "runs", {}),
    ("int", "0, 1, 2, -1", "boolean", "c::boolean", "changes", {"neither 0 nor 1": "3, 4"}),
    ("text", "'a', 'abc'", "varchar(2)", "", "refused", {"longer than 2 characters": "2"}),
    ("text", "'a', 'abc'", "varchar(2)", "c::varchar(2)", "changes", {"longer than 2 characters": "2"}),
    ("varchar(5)", "'abc'", "text", "", "runs", {}),
    ("varchar(5)", "'abc'", "varchar(9)", "", "runs", {}),
    ("char(5)", "'abc'", "text", "", "runs", {}),
    ("timestamp", "'2020-01-01 10:00', 'infinity'", "timestamptz", "c at time zone 'UTC'", "runs", {}),
    ("timestamp", "'2020-01-01', '2020-01-01 10:00'", "date", "c::date", "changes", {"time of day": "2"}),
    ("timestamptz", "'2020-01-01 00:00+00'", "date", "c::date", "changes", {"": ""}),
    ("json", """'{"a": 1}', '"\\u0000"', '"\\ud800"', '{"n": 1e400000}'""", "jsonb", "c::jsonb", "refused",
     {"cannot be converted": "2, 3, 4"}),
    ("jsonb", "'1'", "varchar", "c::varchar", "changes", {"": ""}),
    ("int[]", "'{1}'", "text", "c::text", "changes", {"": ""}),
    ("bytea", "'a'", "text", "c::text", "changes", {"": ""}),
    ("int", "1", "text", "c::text", "changes", {"": ""}),
    ("int", "7", "bigint", "c / 2", "changes", {"": ""}),
]  # fmt: skip


#: How a converted column becomes the old one again, where that takes more than a cast.
BACK = {"boolean": "t.c::int", "timestamptz": "t.c at time zone 'UTC'"}


@pytest.mark.parametrize(
    ("old", "values", "new", "using", "kind", "rows"), CASES, ids=[f"{it[0]}-{it[2]}-{it[3]}" for it in CASES]
)
def test_what_rows_a_change_of_type_refuses_or_changes(
    dsn: str, old: str, values: str, new: str, using: str, kind: str, rows: dict[str, str]
) -> None:
    """It runs unless it is refused, and gives each value back unless it changes some."""
    suggestion = f"alter table t alter column c type {new}" + (f" using {using}" if using else "")
    rest = f"unnest(array[{values}]::{old}[])" if "[]" not in old else values
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create table t (id int generated always as identity primary key, c {old})".encode())
        connection.execute(f"insert into t (c) select {rest}".encode())
    judged = outcome(dsn, suggestion)
    assert judged.kind == kind
    counted = [it for it in judged.obstacles if it.rows]
    assert [", ".join(it.keys) for it in counted] == [keys for keys in rows.values() if keys]
    assert all(text in it.text for it, text in zip(counted, rows, strict=False))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table before as table t")
        if kind == "refused":
            with pytest.raises(psycopg.Error):
                connection.execute(suggestion.encode())
            return
        connection.execute(suggestion.encode())
        if kind == "runs":
            back = BACK.get(new, f"t.c::{old}")
            differ = f"select t.id from t join before as b using (id) where ({back}) is distinct from b.c"
            assert connection.execute(differ.encode()).fetchall() == []


DOCUMENTS = [
    "1e131071", "1e131072", "0.00001e131076", "0.00001e131077", "-1e131072", "0e999999999", "0e-20000", "1e-16383",
    "1e-16384", "1.5e-16382", "1.5e-16383", "1e99999999999999999999", "1e-99999999999999999999", '"1e400000"',
    '{"1e400000": 1}', '[1, 2, {"a": [1e400000]}]', "0.0e131080", "10e131071", r'"\\u0000"', r'"\u0000"',
    r'"\ud83d\ude00"', r'"\ud83d"', r'"\ude00\ud83d"', r'"a \" 1e400000"', "1E+131072", "123456",
    "[" + "9" * 131072 + "]", "[" + "9" * 131073 + "]", "0." + "0" * 16382 + "1", "0." + "0" * 16383 + "1",
]  # fmt: skip


def test_json_that_jsonb_refuses_is_exactly_known(dsn: str) -> None:
    """U+0000, unpaired surrogates and numbers beyond numeric, in each version as it is."""
    refused = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (id int primary key, c json)")
        for number, document in enumerate(DOCUMENTS):
            connection.execute("insert into t values (%s, %s)", [number, document])
            try:
                connection.execute("select c::jsonb from t where id = %s", [number])
            except psycopg.Error:
                refused.append(number)
        suggestion = "alter table t alter column c type jsonb using c::jsonb"
        for number in range(len(DOCUMENTS)):
            connection.execute("create table one as select * from t where id = %s", [number])
            judged = outcome(dsn, suggestion.replace("table t", "table one"))
            connection.execute("drop table one")
            assert (judged.kind == "refused") == (number in refused), DOCUMENTS[number][:40]
    assert 8 < len(refused) < 24


def test_decimals_of_floats_are_those_of_their_text(dsn: str) -> None:
    """The quick test agrees with the exact one, at every size."""
    column = Column("c", "c", "float8", -1, "double precision", 701, False, False, False, None, [])
    with psycopg.connect(dsn) as connection:
        connection.execute("select setseed(0.5)")
        connection.execute("""
            create temp table t as
            select
              case n % 4 when 0 then round(x::numeric, 2)::float8 when 1 then round(x::numeric, 3)::float8 when 2 then x
                else trunc(x) end as c
            from generate_series(1, 40000) as n
            cross join lateral (select (random() - 0.5) * 10 ^ (n % 20) as x) as r
            union all select unnest(array[0, 0.29, 1.005, 99.004, 'NaN', 'Infinity', 12345678901234.56]::float8[])
        """)
        for scale in (0, 2, 4, 6):
            quick = has_more_decimals("t.c", source(column), scale)
            exact = f"round(t.c::text::numeric, {scale}) <> t.c::text::numeric"
            row = connection.execute(f"select count(*) filter (where ({quick}) <> ({exact})), count(*) from t".encode())
            assert row.fetchone() == (0, 40007)
