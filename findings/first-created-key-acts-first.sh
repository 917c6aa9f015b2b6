#!/usr/bin/env bash
# PostgreSQL: of two foreign keys on the same columns, one ON DELETE CASCADE and one RESTRICT, the one that was created first
# acts first on a deletion: CASCADE first deletes the rows, and RESTRICT then finds none.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
tables() {
  sql "set client_min_messages = warning; drop table if exists child, parent; create table parent (id int primary key); insert into parent values (1);
       create table child (parent_id int); insert into child values (1);
       alter table child add constraint b_$1 foreign key (parent_id) references parent on delete $1;
       alter table child add constraint a_$2 foreign key (parent_id) references parent on delete $2"
}
expected "RESTRICT refuses the deletion, whichever key was created first"
tables cascade restrict
check "CASCADE created first" "$(sql_error "delete from parent")" "(no error)"
check "rows left in the child" "$(sql "select count(*) from child")" 0
tables restrict cascade
check_has "RESTRICT created first" "$(sql_error "delete from parent")" 'violates foreign key constraint "b_restrict"'
