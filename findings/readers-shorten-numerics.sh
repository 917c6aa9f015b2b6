#!/usr/bin/env bash
# Two readers shorten decimals of PostgreSQL in silence: connectorx cuts every numeric at ten places, a declared scale of
# 15 or not; polars takes the scale of the first rows (100 by default) for all that follow. Read whole: psycopg, pyarrow.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages connectorx==0.4.6 polars==2.1.0 pyarrow==26.0.1 "psycopg[binary]==3.3.9"
version "connectorx 0.4.6, polars 2.1.0"
sql "create table rate (id int, value numeric(20, 15)); insert into rate values (1, 1.123456789012345);
     create view fee as select id, case when id < 200 then 1.5 else 1.123456 end as value from generate_series(1, 200) as id"
expected "all decimals, or an error"
check "connectorx, numeric(20, 15)" "$("$python" - <<'PYTHON'
import os

import connectorx

address = f"postgresql://postgres@localhost/postgres?host={os.environ['PGHOST']}"
print(connectorx.read_sql(address, "select value from rate", return_type="arrow").column("value")[0])
PYTHON
)" 1.1234567890
check "polars, row 200 after 199 of one place" "$("$python" - <<'PYTHON'
import polars
import psycopg

with psycopg.connect() as connection:
    print(polars.read_database("select value from fee order by id", connection).item(199, 0))
PYTHON
)" 1.1
check "psycopg, both" "$("$python" - <<'PYTHON'
import psycopg

with psycopg.connect() as connection:
    print(*connection.execute("select r.value, f.value from rate r, fee f where f.id = 200").fetchone())
PYTHON
)" "1.123456789012345 1.123456"
