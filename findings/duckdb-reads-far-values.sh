#!/usr/bin/env bash
# DuckDB's postgres extension reads a numeric of a negative scale, which holds tens or hundreds, as a decimal of 254
# places: 12,300 becomes 0.00…0123. A timestamp near the end of PostgreSQL's range goes round: the year 294276 becomes
# one before Christ. Neither is an error.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages duckdb==1.5.5 duckdb-extension-postgres-scanner==1.5.5
version "DuckDB 1.5.5, its postgres extension 1.5.5"
sql "create table stock (id int, hundreds numeric(5, -2), until timestamp);
     insert into stock values (1, 12300, '294276-12-31'), (2, 500, '2026-12-31')"
expected "12300 and 500; both times after 2020; or an error"
"$python" - >"$work/said" <<'PYTHON'
import os
import pathlib

import duckdb
import duckdb_extension_postgres_scanner as extension

files = pathlib.Path(extension.__file__).parent.rglob("*.duckdb_extension")
engine = duckdb.connect()
engine.execute(f"load '{next(files)}'")
engine.execute(f"attach 'host={os.environ['PGHOST']} user=postgres dbname=postgres' as pg (type postgres, read_only)")


def one(query):
    return engine.execute(query).fetchone()[0]


print("type", one("select typeof(hundreds) from pg.stock where id = 1"))
print("text", one("select left(hundreds::text, 3) || right(hundreds::text, 6) from pg.stock where id = 1"))
print("time", one("select until::text from pg.stock where id = 1"))
PYTHON
said() { sed -n "s/^$1 //p" "$work/said"; }
check "type of the hundreds" "$(said type)" "DECIMAL(5,254)"
check "first and last digits of the first" "$(said text)" ".00012300"
check "the first time" "$(said time)" "290279-12-13 (BC) 15:58:10.448384"
