#!/usr/bin/env bash
# With session_replication_role = replica (bulk loads and replication tools set it) an INSTEAD OF
# trigger does not fire, yet the server counts and returns the rows as written. ENABLE ALWAYS is refused on a view.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table item (id int primary key, price int); insert into item values (1, 10);
       create view items as select * from item;
       create function write_through() returns trigger language plpgsql as
         'begin update item set price = new.price where id = old.id; return new; end';
       create trigger write_through instead of update on items for each row execute function write_through()"
  expected "without its trigger the plain view is updatable and the table is written, or there is an error"
  check "command tag" "$(tag "set session_replication_role = replica; update items set price = 11")" "UPDATE 1"
  check "returned" "$(sql "set session_replication_role = replica; update items set price = 11 returning price")" 11
  check "in the table" "$(sql "select price from item")" 10
  check_has "made to fire always" "$(sql_error "alter table items enable always trigger write_through")" "cannot be performed"
  check "in the table, once the role is origin again" "$(sql "update items set price = 11; select price from item")" 11
  stop_server
}

look 15
look 18
