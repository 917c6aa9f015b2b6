#!/usr/bin/env bash
# SELECT … FOR UPDATE through a view over UNION ALL locks no row; through a view over a join it locks the rows of both
# tables. In both cases the tables themselves are locked in ROW SHARE mode, so the lock list looks right.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

free() { # the rows of a table that another session can still lock
  sql "select coalesce(string_agg(id::text, ' ' order by id), 'none') from (select id from $1 for update skip locked) r"
}

look() {
  server "$1"
  sql "create table open_order (id int primary key); create table old_order (id int primary key);
       insert into open_order values (1), (2); insert into old_order values (1), (2);
       create view all_orders as select id from open_order union all select id from old_order;
       create view both_orders as select o.id, a.id as old_id from open_order o join old_order a using (id)"
  expected "both views lock each row that they return, since a locking clause reaches the tables of a view"
  open_session holder

  ask holder "begin"
  check "rows that FOR UPDATE returned, UNION ALL" "$(ask holder "select count(*) from (select * from all_orders for update) r")" 4
  check "their tables' lock modes" \
    "$(sql "select string_agg(distinct mode, ' ') from pg_locks where relation in ('open_order'::regclass, 'old_order'::regclass)")" RowShareLock
  check "still free in the first table" "$(free open_order)" "1 2"
  check "still free in the second table" "$(free old_order)" "1 2"
  ask holder "rollback"

  ask holder "begin"
  check "rows that FOR UPDATE returned, join" "$(ask holder "select count(*) from (select * from both_orders for update) r")" 2
  check "still free in the first table" "$(free open_order)" none
  check "still free in the second table" "$(free old_order)" none
  ask holder "rollback"
  close_session holder
  stop_server
}

look 15
look 18
