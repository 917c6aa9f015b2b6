#!/usr/bin/env bash
# `int_column = any ('{…}'::int8[])` compares each row with each number of the list; with a list of the column's own
# type, or a cast of the column, the server hashes the list. No plan shows it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
expected "one effort for both lists: the types have one operator family, and the lists are constants"
sql 'create table t as select i from generate_series(1, 100000) as i; analyze t'
milliseconds() {
  sql "set max_parallel_workers_per_gather = 0; set jit = off; explain (analyze, timing off, costs off) select count(*)
    from t where $1 = any ('{$(seq -s, 200001 205000)}'::$2[])" | sed -n 's/Execution Time: \([0-9]*\).*/\1/p'
}
own=$(milliseconds i int4)
cast=$(milliseconds i::int8 int8)
other=$(milliseconds i int8)
check "the plan names how the list is searched" "$(sql "explain (costs off, verbose) select from t where i = any ('{1,2,3,4,5,6,7,8,9,10}'::int8[])" | grep -ci hash || true)" "0"
check "int8[] takes more than 20 times as long as int4[]" "$((other > 20 * (own + 1)))" "1"
check "int8[] takes more than 20 times as long as with a cast of the column" "$((other > 20 * (cast + 1)))" "1"
