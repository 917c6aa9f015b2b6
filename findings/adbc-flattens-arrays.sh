#!/usr/bin/env bash
# ADBC's PostgreSQL driver reads a two-dimensional array as a flat list, without an error; the same values in a
# one-dimensional array read the same, so the rows can no longer be told apart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages adbc-driver-postgresql==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1
version "adbc-driver-postgresql 1.13.0"
expected "nested lists, or an error as DuckDB's and connectorx' readers give"
check "{{1,2},{3,4}}, {1,2,3,4} and an array from 0" "$("$python" - <<'PYTHON'
import os

import adbc_driver_postgresql.dbapi

with adbc_driver_postgresql.dbapi.connect(f"postgresql:///postgres?host={os.environ['PGHOST']}&user=postgres") as connection:
    with connection.cursor() as cursor:
        cursor.execute("select '{{1,2},{3,4}}'::int[], '{1,2,3,4}'::int[], '[0:1]={1,2}'::int[]")
        print(*cursor.fetchone())
PYTHON
)" "[1, 2, 3, 4] [1, 2, 3, 4] [1, 2]"
