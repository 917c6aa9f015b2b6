"""What is not on the list is refused by its name, never passed through."""

from __future__ import annotations

import pytest

from order_audit.audit.lake.pg_types import PgType, read_type
from order_audit.audit.lake.translate import NotTranslatable, ServerFacts, duckdb_dialect, translate

TABLES = {
    "t": {
        name: read_type(of)
        for name, of in {
            "i": "integer", "t": "text", "u": "text", "f": "double precision", "r": "real", "m": "numeric",
            "d": "date", "ts": "timestamp",

            "tz": "timestamptz", "j": "json", "jb": "jsonb", "a": "integer[]", "c": "character(3)", "x": "bit(4)",
            "e": "mood", "b": "bytea", "iv": "interval",
        }.items()
    }
    | {"di": PgType("date", stored="text")},
    "Case": {"a": read_type("int"), "A": read_type("int")},
}  # fmt: skip
#: Expressions, and what the message names.
REFUSED = {
    "to_char(ts, 'YYYY')": "the function to_char: TO_CHAR(ts, 'YYYY')",
    "now()": "the function current_timestamp",
    "current_date": "the function current_date",
    "random()": "the function random",
    "age(ts, ts)": "the function age",
    "my_function(i)": "the function my_function",
    "s.my_function(i)": "Dot",
    "t < u": "an order of texts by the collation of the database",
    "min(t)": "an order of texts by the collation of the database",
    'min(t collate "de_DE")': "an order of texts by the collation of de_DE",
    't collate "de-x-icu" = u': "the collation de-x-icu",
    "lower(t)": "the letters of this database's locale",
    "t ~* 'a'": "letters in any case",
    "t ~ '\\w'": "the class word of characters",
    "t ~ u": "a pattern that is no literal",
    "t ~ '(a)\\1'": "\\1 in a pattern",
    "t ~ '(?i)a'": "options inside of a pattern",
    "t ~ '***=a'": "options inside of a pattern",
    "t ~ '[[=a=]]'": "a collating element",
    "t ~ 'a**'": "a repetition of a repetition",
    "t ~ 'a{1,300}'": "more than 255 times",
    "t ~ '(?<=a+)b'": "a look-behind of several lengths",
    "t similar to 'a'": "SimilarTo",
    "t like 'a\\'": "ends in its escape character",
    "regexp_replace(t, 'a|ab', 'x')": "matches of several lengths",
    "regexp_replace(t, 'a*?b', 'x')": "matches of several lengths",
    "regexp_replace(t, 'a*', 'x', 'g')": "matches of several lengths",
    "regexp_replace(t, 'a', 'x', 'n')": "other flags",
    "regexp_replace(t, 'a', u)": "without a literal",
    "regexp_count(t, 'a')": "the function regexp_count",
    "c like 'a%'": "character(n)",
    "sum(f)": "the aggregate sum(double precision)",
    "avg(r)": "the aggregate avg(real)",
    "stddev(i)": "the function stddev",
    "percentile_cont(0.5) within group (order by f)": "WithinGroup",
    "array_agg(distinct i)": "ARRAY_AGG",
    "string_agg(t, ',')": "string_agg without order by",
    "i & 1": "BitwiseAnd",
    "i << 1": "BitwiseLeftShift",
    "exp(f)": "the function exp",
    "ln(f)": "the function ln",
    "power(i, 2)": "POWER",
    "m ^ 2": "POWER",
    "ts + interval '1 day'": "Interval",
    "ts - ts": "the operator timestamp without time zone - timestamp without time zone",
    "tz::date": "without the time zone of the session",
    "tz::text": "without the time zone of the session",
    "tz > ts": "side by side",
    "date_trunc('day', ts)": "the function date_trunc",
    "extract(epoch from ts)": "EXTRACT(EPOCH",
    "ts at time zone 'UTC'": "AtTimeZone",
    "jb -> 'a'": "the operator jsonb ->",
    "jb = jb": "the operator jsonb = jsonb",
    "j #> '{a}'": "j #> '{a}'",
    "j #>> '{a}'": "the operator #>>",
    "json_extract_path_text(j, 'a')": "json_extract_path",
    "j::jsonb": "the cast from json to jsonb",
    "t::jsonb": "the cast from text to jsonb",
    "j = j": "the operator json = json",
    "'{'::json": "is no json",
    "a = '{1}'": "a value of the type integer[] stored as text in t.a",
    "a[1]": "an element of",
    "b = '\\x00'::bytea": "a zero byte",
    "b = 'a'::bytea": "side by side",
    "iv > '1 day'": "a literal of the type interval",
    "'x'::mood": "a value of the type mood",
    "e < 'sad'": "a value of the type mood",
    "x::int": "the cast from bit to integer",
    "t::oid": "oid",
    "t::regclass": "the cast from text to regclass",
    "t::uuid": "the cast from text to uuid",
    "di > '2024-01-01'": "stored as text",
    "array[array[1]]": "an array of arrays",
    "'{{1}}'::int[]": "the array",
    "(array[1,2])[1:2]": "Slice",
    "array(select 1)": "array(select",
    "i + t": "the operator integer + text",
    "i || j": "||",
    "(i, i) in (select 1, 2)": "write exists",
    "i > all (select 1)": "all (select",
    "t || u ~ u || 'a'": "the order of operators without parentheses",
    "1 - (2 - 1) - 1 = 1 = true": "the order of operators without parentheses",
    "row_number() over (order by t)": "an order of texts",
    "count(distinct i) over ()": "as a window function",
    "lag(i) ignore nulls over (order by i)": "LAG(i)",
    "sum(i) over (order by i range between 1 preceding and current row)": "the frame",
    "unnest(array[1]) + 1": "unnest inside of an expression",
    "hashtext(t)": "the value of a hash",
    "current_setting('work_mem')": "CURRENT_SETTING",
    "nothing": "column nothing",
    "v.i": "column v.i",
    "t.nothing": "column t.nothing",
    "i::numeric(40,2)": "the type numeric(40,2)",
    "t is json": "IS",
    "pg_catalog.lower(t)": "Dot",
    "f(variadic array[1])": "the function f",
}
STATEMENTS = {
    "select i from t limit 3": "a limit without an order",
    "select i from other": "the relation other",
    "select i from s.t": "the relation s.t",
    "select a from \"Case\"": "differ in case only",
    "select i from t tablesample system (10)": "in FROM",
    "select i from only t": "'only' in FROM",
    "select x from my_rows(1) as x": "the function my_rows(integer)",
    "select i from t natural join t as u": "method of a join",
    "select 1 from t, t as u right join t as v on true": "a right or full join beside a comma",
    "select i, count(*) from t group by rollup (i)": "Rollup",
    "select distinct m from t": "distinct numerics",
    "select distinct j from t": "groups by json",
    "select i from t for update": "locks",
    "select i from t order by i fetch first 1 rows with ties": "FETCH",
    "with a as (delete from t returning i) select i from a": "Delete",
    "delete from t": "another statement than one select",
    "select 1; select 2": "another statement than one select",
    "select i from (values (1, 2), (3)) as v (i)": "rows of different lengths",
    "select t from t union select i from t": "side by side",
    "select i from t group by t.i order by (": "the parser",
    "with recursive a (n) as (select 1 union all select n + 1.5 from a) select 1": "the cast from numeric to integer",
}  # fmt: skip
FACTS = ServerFacts(provider="icu", collation="en_US", character_type="en_US")


@pytest.mark.parametrize("expression", [it for it, named in REFUSED.items() if named])
def test_expressions_are_refused_by_name(expression: str) -> None:
    """The message names what is missing."""
    with pytest.raises(NotTranslatable) as refused:
        translate(f"select {expression} as x from t", TABLES, duckdb_dialect(), FACTS)
    assert REFUSED[expression] in str(refused.value)
    assert refused.value.missing


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements_are_refused_by_name(statement: str) -> None:
    """The message names what is missing."""
    with pytest.raises(NotTranslatable) as refused:
        translate(statement, TABLES, duckdb_dialect(), FACTS)
    assert STATEMENTS[statement] in str(refused.value)


def test_other_encodings_are_refused() -> None:
    """Functions count characters of UTF-8."""
    with pytest.raises(NotTranslatable, match="a database in LATIN1"):
        translate("select i from t", TABLES, duckdb_dialect(), ServerFacts(encoding="LATIN1"))
