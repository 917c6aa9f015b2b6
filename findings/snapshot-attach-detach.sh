#!/usr/bin/env bash
# A repeatable-read transaction reads one snapshot of the rows, but the list of a table's partitions is always today's.
# ATTACH PARTITION waits for no reader: rows committed before the snapshot, in a table that was no partition yet, appear.
# DETACH PARTITION takes rows of the snapshot away, where the transaction has not read the partitioned table yet.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table sale (day int) partition by range (day);
       create table sale_1 partition of sale for values from (10) to (20);
       create table sale_2 (day int);
       insert into sale_1 values (10); insert into sale_2 values (20), (21)"
  expected "a count at REPEATABLE READ stays the same until the transaction ends, whatever others do"
  open_session reader
  ask reader "begin isolation level repeatable read"
  check "first count" "$(ask reader "select count(*) from sale")" 1
  sql "alter table sale attach partition sale_2 for values from (20) to (30)"
  check "same transaction, after another's ATTACH" "$(ask reader "select count(*) from sale")" 3
  ask reader "commit"

  ask reader "begin isolation level repeatable read"
  check "snapshot taken by reading one partition" "$(ask reader "select count(*) from sale_1")" 1
  sql "alter table sale detach partition sale_2"
  check "same transaction, the table, after another's DETACH" "$(ask reader "select count(*) from sale")" 1
  check "same transaction, the former partition" "$(ask reader "select count(*) from sale_2")" 2
  ask reader "commit"
  close_session reader
  stop_server
}

look 15
look 18
