#!/usr/bin/env bash
# INSERT … ON CONFLICT DO NOTHING is accepted on a view with an INSTEAD OF trigger, and does nothing about conflicts:
# the trigger's own INSERT meets the key and fails.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table item (id int primary key, name text); insert into item values (1, 'a');
       create view plain_items as select * from item;
       create view items as select * from item;
       create function write_through() returns trigger language plpgsql as
         'begin insert into item values (new.id, new.name); return new; end';
       create trigger write_through instead of insert on items for each row execute function write_through()"
  expected "a key that is there already is skipped: INSERT 0 0"
  check "plain view" "$(tag "insert into plain_items values (1, 'b') on conflict do nothing")" "INSERT 0 0"
  check_has "view with a trigger" "$(sql_error "insert into items values (1, 'b') on conflict do nothing")" \
    "duplicate key value violates unique constraint"
  check_has "its key named" "$(sql_error "insert into items values (1, 'b') on conflict (id) do nothing")" \
    "no unique or exclusion constraint matching"
  stop_server
}

look 15
look 18
