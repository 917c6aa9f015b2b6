"""Keys and rows of a lake's rules are written as PostgreSQL writes them."""

from __future__ import annotations

import json

import psycopg
import pytest

from order_audit.audit.lake.pg_types import read_type
from order_audit.audit.lake.result_texts import key_text, quoted_field, row_json

_VALUES = {
    "integer": ["-1", "0"],
    "numeric": ["1.50", "100", "NaN", "-0.10", "1e3", "Infinity", "0.0"],
    "double precision": ["1.5", "-0", "1e+300", "5e-324", "NaN", "-Infinity", "100000"],
    "boolean": ["true"],
    "text": ["", 'a"b\\', "line\nend\ttab\x01\x7f", "é\u2028", "x" * 10_001],
    "date": ["2020-02-29", "infinity", "0044-03-15 BC"],
    "timestamp without time zone": ["2020-02-29 01:02:03.4", "-infinity", "0044-03-15 00:00:00 BC"],
    "timestamp with time zone": ["2020-02-29 01:02:03+00", "0044-03-15 00:00:00+00 BC"],
    "bit(3)": ["101"],
    "integer[]": ["{1,NULL}"],
}
_CASES = [(name, value) for name, values in _VALUES.items() for value in values]


@pytest.mark.parametrize(("name", "value"), _CASES)
def test_texts_are_the_servers(dsn: str, name: str, value: str) -> None:
    of = read_type(name)
    trimmed = "trim_scale(t.v)" if name == "numeric" else "t.v"
    shown = "left(t.v, 10000)" if name == "text" else "t.v::text" if name in ("bit(3)", "integer[]") else "t.v"
    with psycopg.connect(dsn) as connection:
        connection.execute("set timezone = 'UTC'")
        row = connection.execute(
            f"""
            select t.v::text, ({trimmed})::text, json_build_array({trimmed}, null::int)::text,
              row_to_json(r.*)::text
            from (select %s::{name} as v) as t
            cross join lateral (select {shown} as v) as r
            """.encode(),
            [value],
        ).fetchone()
    assert row is not None
    text, key, pair, written = row
    assert key_text([text], [of]) == key
    if name != "integer[]":  # an array stands in the array of a key
        found = key_text([text, None], [of, read_type("integer")])
        assert found == pair
    assert json.loads(row_json(["v"], [text], [of])) == json.loads(written)


@pytest.mark.parametrize("text", ["", "a", "a,b", 'a"b', "a\nb", "\\.", " a ", "NULL", None])
def test_fields_are_those_of_copy(dsn: str, text: str | None) -> None:
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        quoted = "null" if text is None else psycopg.sql.quote(text, connection)
        with cursor.copy(f"copy (select 1, {quoted}::text) to stdout (format csv)".encode()) as copy:
            assert b"1," + quoted_field(text) == b"".join(bytes(it) for it in copy)
