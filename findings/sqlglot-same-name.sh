#!/usr/bin/env bash
# sqlglot writes PostgreSQL's SQL for DuckDB without an error, a warning or a visible change, and the answer differs:
# names and operators that both engines have, with another meaning in each.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages sqlglot==30.30.0 duckdb==1.5.5 "psycopg[binary]==3.3.9"
version "sqlglot 30.30.0, DuckDB 1.5.5"
expected "what is transpiled without an error gives PostgreSQL's answer, or sqlglot says that it cannot"
both() { # the value by PostgreSQL, then by DuckDB from sqlglot's text; sqlglot must raise where it knows of a loss
  "$python" - "$1" <<'PYTHON'
import sys

import duckdb
import psycopg
import sqlglot

query = "select " + sys.argv[1]
with psycopg.connect() as connection:
    here = connection.execute(query).fetchone()[0]
there = sqlglot.transpile(query, read="postgres", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
print(here, duckdb.sql(there).fetchone()[0])
PYTHON
}
check "division of integers" "$(both "7 / 2")" "3 3.5"
check "rounding a double" "$(both "round(2.5::float8)")" "2.0 3.0"
check "substr before the start" "$(both "substr('abcdef', -1, 4)")" "ab f"
check "length of an empty array" "$(both "array_length(array[]::int[], 1)")" "None 0"
check "LIKE with a backslash" "$(both "'a_b' like 'a\_b'")" "True False"
check "SIMILAR TO with a wildcard" "$(both "'abc' similar to 'a%'")" "True False"
check "a dot and a line end" "$(both "E'a\nb' ~ 'a.b'")" "True False"
check "a key that stands twice" "$(both "'{\"a\": 1, \"a\": 2}'::json ->> 'a'")" "2 1"
check "NaN as text" "$(both "'NaN'::float8::text")" "NaN nan"
check "cut by a cast" "$(both "'abc'::varchar(2)")" "ab abc"
check "a char(4) with blanks" "$(both "'ab'::char(4) = 'ab  '")" "True False"
check "numbers in jsonb" "$(both "'1'::jsonb = '1.0'::jsonb")" "True False"
check "format" "$(both "format('%s!', 'a')")" "a! %s!"
check "seconds of a time" "$(both "extract(second from time '00:00:01.5')::float8")" "1.5 1.0"
check "decimals without a precision" "$(both "1.23456::numeric")" "1.23456 1.235"
