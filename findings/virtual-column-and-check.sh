#!/usr/bin/env bash
# PostgreSQL 18: a CHECK constraint on one column, even NOT ENFORCED, forbids SET EXPRESSION on every virtual generated
# column of the table. NOT NULL on the virtual column itself does not, and neither does a CHECK where the column is stored.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
sql "create table line (price int, quantity int, gross int generated always as (price * 2) virtual not null,
       net int generated always as (price * 3) stored)"
expected "a constraint forbids a new expression only for a column that it mentions"
change="alter table line alter gross set expression as (price * 4)"
check "without a CHECK" "$(tag "$change")" "ALTER TABLE"
sql "alter table line add constraint positive check (quantity > 0) not enforced"
check_has "with a CHECK of another column, not enforced" "$(sql_error "$change")" \
  "not supported for virtual generated columns in tables with check constraints"
check "the stored column of the same table" "$(tag "alter table line alter net set expression as (price * 5)")" "ALTER TABLE"
