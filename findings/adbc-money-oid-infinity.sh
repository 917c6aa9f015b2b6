#!/usr/bin/env bash
# ADBC's PostgreSQL driver reads money as whole cents in an integer column, oid as a signed integer, so that the upper
# half is negative, and infinity, which is later than every date and timestamp, as one in the far past: the number of
# days or microseconds goes round when the epoch of PostgreSQL is taken off.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages adbc-driver-postgresql==1.13.0 adbc-driver-manager==1.13.0 pyarrow==26.0.1
version "adbc-driver-postgresql 1.13.0"
sql "create table payment (amount money, toast oid, due date, paid timestamp);
     insert into payment values ('12.50', 4294967295, 'infinity', 'infinity')"
expected "12.50 or \$12.50; 4294967295; infinity as NULL, as the last value of the type, or an error"
"$python" - >"$work/said" <<'PYTHON'
import os

import adbc_driver_postgresql.dbapi as driver
import pyarrow

uri = f"postgresql://postgres@/postgres?host={os.environ['PGHOST']}"
with driver.connect(uri) as connection, connection.cursor() as cursor:
    cursor.execute("select amount, toast, due, paid from payment")
    table = cursor.fetch_arrow_table()
print("money", table.schema.field("amount").type, table.column("amount").to_pylist()[0])
print("oid", table.schema.field("toast").type, table.column("toast").to_pylist()[0])
print("date", table.column("due").cast(pyarrow.int32()).to_pylist()[0])
print("timestamp", table.column("paid").cast(pyarrow.int64()).to_pylist()[0])
PYTHON
said() { sed -n "s/^$1 //p" "$work/said"; }
check "money" "$(said money)" "int64 1250"
check "oid" "$(said oid)" "int32 -1"
check "days of infinity since 1970" "$(said date)" -2147472692
check "microseconds of infinity since 1970" "$(said timestamp)" -9222425352054775809
