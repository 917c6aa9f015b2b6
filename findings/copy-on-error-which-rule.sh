#!/usr/bin/env bash
# PostgreSQL 18: COPY … (ON_ERROR ignore) skips a row that a domain's CHECK or NOT NULL refuses. The same conditions as
# the table's own CHECK or NOT NULL end the whole COPY.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
sql "create domain positive as int check (value > 0); create domain present as int not null;
     create table by_domain (amount positive); create table by_table (amount int check (amount > 0));
     create table null_domain (amount present); create table null_table (amount int not null)"
expected "the rule decides, not where it is written: in both tables the bad row is skipped and 2 are loaded"
load() { printf '%s\n' "${@:2}" | "$psql" -XAtq -c "copy $1 from stdin with (on_error ignore)" 2>&1 | head -n 1 || true; }
check_has "domain's CHECK" "$(load by_domain 1 -1 2)" "1 row was skipped"
check "loaded" "$(sql "select count(*) from by_domain")" 2
check_has "table's CHECK" "$(load by_table 1 -1 2)" "violates check constraint"
check "loaded" "$(sql "select count(*) from by_table")" 0
check_has "domain's NOT NULL" "$(load null_domain 1 '\N' 2)" "skipped"
check "loaded" "$(sql "select count(*) from null_domain")" 2
check_has "table's NOT NULL" "$(load null_table 1 '\N' 2)" "violates not-null constraint"
check "loaded" "$(sql "select count(*) from null_table")" 0
