#!/usr/bin/env bash
# PostgreSQL 18: NOT NULL … NOT VALID leaves the NULLs where they are, and information_schema.columns says from then on
# that the column is not nullable, for inheriting tables too. Readers of the schema (here SQLAlchemy) repeat it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
python_packages sqlalchemy==2.1.9 "psycopg[binary]==3.3.9"
version "SQLAlchemy 2.1.9"
sql "create table person (mail text); create table member () inherits (person);
     insert into person values (null); insert into member values (null);
     alter table person add constraint has_mail not null mail not valid"
expected "is_nullable stays YES, and SQLAlchemy's nullable true, until the constraint is validated"
check "NULLs in the table and in the one that inherits" "$(sql "select count(*) from person where mail is null")" 2
for table in person member; do
  check "information_schema, is_nullable, $table" \
    "$(sql "select is_nullable from information_schema.columns where table_name = '$table'")" NO
  check "SQLAlchemy, nullable, $table" "$("$python" - "$table" <<'PYTHON'
import os
import sys

import sqlalchemy

engine = sqlalchemy.create_engine("postgresql+psycopg://", connect_args={"host": os.environ["PGHOST"]})
print(sqlalchemy.inspect(engine).get_columns(sys.argv[1])[0]["nullable"])
PYTHON
)" False
done
check "validated" "$(sql "select convalidated from pg_constraint where conrelid = 'person'::regclass")" f
