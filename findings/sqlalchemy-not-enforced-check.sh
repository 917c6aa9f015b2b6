#!/usr/bin/env bash
# SQLAlchemy reflects a CHECK that PostgreSQL 18 holds as NOT ENFORCED with an empty condition; a NOT VALID one keeps its
# condition and a mark. A table made again from the reflection has CHECK ().
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
python_packages sqlalchemy==2.1.9 "psycopg[binary]==3.3.9"
version "SQLAlchemy 2.1.9"
sql "create table line (price int constraint off check (price > 0) not enforced);
     alter table line add constraint later check (price < 100) not valid"
expected "both conditions come back, each with a mark that says how it is held"
look() {
  "$python" -W ignore - "$1" <<'PYTHON'
import os
import sys

import sqlalchemy

engine = sqlalchemy.create_engine("postgresql+psycopg://", connect_args={"host": os.environ["PGHOST"]})
found = {c["name"]: c for c in sqlalchemy.inspect(engine).get_check_constraints("line")}[sys.argv[1]]
print(repr(found["sqltext"]), found.get("dialect_options", {}))
PYTHON
}
check "NOT VALID" "$(look later)" "'price < 100' {'not_valid': True}"
check "NOT ENFORCED" "$(look off)" "'' {}"
check_has "made again" "$("$python" -W ignore - <<'PYTHON'
import os

import sqlalchemy

engine = sqlalchemy.create_engine("postgresql+psycopg://", connect_args={"host": os.environ["PGHOST"]})
table = sqlalchemy.Table("line", sqlalchemy.MetaData(), autoload_with=engine)
print(*str(sqlalchemy.schema.CreateTable(table).compile(engine)).split())
PYTHON
)" "CHECK ()"
