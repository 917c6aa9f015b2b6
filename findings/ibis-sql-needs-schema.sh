#!/usr/bin/env bash
# Ibis' con.sql(query) fails on PostgreSQL with a syntax error of a DROP VIEW without a name, unless it is given a schema.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages 'ibis-framework[postgres]==12.0.0' sqlglot==30.30.0 packaging==26.3
version "ibis-framework 12.0.0, sqlglot 30.30.0"
expected "a table expression, whose columns Ibis asks the server for, as of any query"
cat >"$work/query.py" <<'PYTHON'
import os

import ibis

connection = ibis.postgres.connect(host=os.environ["PGHOST"], user="postgres", database="postgres")
for schema in ({"a": "int32"}, None):
    try:
        print(connection.sql("select 1 as a", schema=schema).execute().a.tolist())
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0])
    connection.con.rollback()
PYTHON
check "with a schema, and without" "$("$python" -W ignore "$work/query.py")" '[1]
SyntaxError syntax error at end of input'
