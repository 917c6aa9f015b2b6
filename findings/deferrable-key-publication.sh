#!/usr/bin/env bash
# Publishing a table whose primary key is deferrable succeeds, and from then on its updates and deletes fail: a key that
# may be violated for a while is no replica identity. Inserts go on, so the first sign comes later.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1" wal_level=logical
  sql "create table position (id int primary key deferrable, place int); insert into position values (1, 1)"
  expected "a primary key identifies the rows to replicate, or CREATE PUBLICATION says that it does not"
  check "create publication" "$(tag "create publication changes for table position")" "CREATE PUBLICATION"
  check "insert" "$(tag "insert into position values (2, 2)")" "INSERT 0 1"
  check_has "update" "$(sql_error "update position set place = 3")" "does not have a replica identity and publishes updates"
  check_has "delete" "$(sql_error "delete from position")" "does not have a replica identity and publishes deletes"
  check "replica identity in the catalog" "$(sql "select relreplident from pg_class where oid = 'position'::regclass")" d
  check_has "the key named" "$(sql_error "alter table position replica identity using index position_pkey")" "non-immediate"
  stop_server
}

look 15
look 18
