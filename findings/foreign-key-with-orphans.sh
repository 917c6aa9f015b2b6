#!/usr/bin/env bash
# A BEFORE DELETE trigger that returns NULL stops a foreign key's own cascade: the parent goes, the child stays. The
# constraint is still called valid, VALIDATE CONSTRAINT says ALTER TABLE and looks at no row, and only making the
# constraint anew finds the orphan.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table customer (id int primary key);
       create table purchase (id int primary key, customer int constraint of_customer references customer on delete cascade);
       insert into customer values (1); insert into purchase values (10, 1);
       create function keep() returns trigger language plpgsql as 'begin return null; end';
       create trigger keep before delete on purchase for each row execute function keep()"
  expected "the delete fails, or the child goes; no orphan can be under a validated foreign key"
  check "delete of the parent" "$(tag "delete from customer where id = 1")" "DELETE 1"
  check "orphans" "$(sql "select count(*) from purchase where customer not in (select id from customer)")" 1
  check "constraint validated" "$(sql "select convalidated from pg_constraint where conname = 'of_customer'")" t
  check "validate again" "$(tag "alter table purchase validate constraint of_customer")" "ALTER TABLE"
  check_has "a second constraint like it" "$(sql_error "alter table purchase add foreign key (customer) references customer")" \
    "violates foreign key constraint"
  stop_server
}

look 15
look 18
