#!/usr/bin/env bash
# DuckDB's postgres extension reads numeric NaN as 0, while a condition on the same column is sent to PostgreSQL, where
# NaN is above every number: x > 100 gives a row whose x is 0. A numeric without a precision comes as a double.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages duckdb==1.5.5 duckdb-extension-postgres-scanner==1.5.5
version "DuckDB 1.5.5, its postgres extension 1.5.5"
sql "create table payment (id int, amount numeric(10, 2), rate numeric);
     insert into payment values (1, 'NaN', 'NaN'), (2, 5, 1.123456789012345678)"
expected "NaN as NaN or NULL, or an error; the decimals as they are"
look() {
  "$python" - "$1" <<'PYTHON'
import os
import pathlib
import sys

import duckdb
import duckdb_extension_postgres_scanner as extension

files = pathlib.Path(extension.__file__).parent.rglob("*.duckdb_extension")
engine = duckdb.connect()
engine.execute(f"load '{next(files)}'")
engine.execute(f"attach 'host={os.environ['PGHOST']} user=postgres dbname=postgres' as pg (type postgres, read_only)")
print(*(" ".join(map(str, row)) for row in engine.execute(sys.argv[1]).fetchall()), sep="\n")
PYTHON
}
check "amounts" "$(look "select id, amount from pg.payment order by id")" $'1 0.00\n2 5.00'
check "sum" "$(look "select sum(amount) from pg.payment")" 5.00
check "rows above 100, with their amount" "$(look "select id, amount from pg.payment where amount > 100")" "1 0.00"
check "rate" "$(look "select typeof(rate), rate from pg.payment where id = 2")" "DOUBLE 1.1234567890123457"
check "rates that are NaN" "$(look "select count(*) from pg.payment where isnan(rate)")" 0
