#!/usr/bin/env bash
# PostgreSQL: a unique index whose concurrent build failed at a duplicate is invalid, and later writes do not update it:
# it is not ready either, and refuses no further duplicate.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
sql "create table t (a int); insert into t values (1), (1)"
check_has "the build" "$(sql_error "create unique index concurrently t_a on t (a)")" 'could not create unique index "t_a"'
expected "the index that stays behind is invalid, but ready: writes update it, and it refuses new duplicates"
check "valid, ready" "$(sql "select indisvalid, indisready from pg_index where indexrelid = 't_a'::regclass")" "f|f"
check "another duplicate" "$(sql_error "insert into t values (2), (2)")" "(no error)"
