#!/usr/bin/env bash
# pg_get_viewdef locks the tables of the view in ACCESS SHARE mode until the transaction ends, so that they cannot be
# altered meanwhile. A rollback to a savepoint releases the locks.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

locks() { # another session's locks on the table
  sql "select coalesce(string_agg(mode, ', '), 'none') from pg_locks
       where relation = 'boxes'::regclass and pid <> pg_backend_pid()"
}

look() {
  server "$1"
  expected "the function reads the catalogs, so that a table of the view can be altered at once"
  sql "create table boxes (id int); create view heavy as select id from boxes"
  open_session reader
  ask reader "begin" >/dev/null
  ask reader "select count(*) from pg_class where relname = 'heavy'" >/dev/null
  check "locks after a look at pg_class" "$(locks)" none
  ask reader "savepoint s" >/dev/null
  ask reader "select pg_get_viewdef('heavy'::regclass)" >/dev/null
  check "locks after pg_get_viewdef" "$(locks)" AccessShareLock
  check "alter table in another session" \
    "$(sql_error "set lock_timeout = '200ms'; alter table boxes add column n int")" \
    "canceling statement due to lock timeout"
  ask reader "rollback to s" >/dev/null
  check "locks after the rollback to the savepoint" "$(locks)" none
  close_session reader
  stop_server
}

look 15
look 18
