#!/usr/bin/env bash
# PostgreSQL: a foreign key may name one of its own columns twice, and so compare it with two columns of the referenced row:
# each row of a lineage refers to its root, and the root must be a root. The referenced columns may not repeat.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
sql "create table item (id int primary key, root int not null, owner int not null, unique (id, root, owner))" >/dev/null
key() { sql_error "alter table item add foreign key ($1) references item ($2) deferrable initially deferred"; }
expected "ERROR: a column of a foreign key may appear once; so \"refers to a root\" needs a second column or a trigger"
check "(root, root, owner) references (id, root, owner)" "$(key 'root, root, owner' 'id, root, owner')" "(no error)"
sql "insert into item values (1, 1, 7), (2, 1, 7)" >/dev/null
for row in "(3, 2, 7)" "(3, 1, 8)" "(3, 9, 7)"; do
  check_has "row $row: its root is none, another's, missing" "$(sql_error "insert into item values $row")" "violates foreign key constraint"
done
check_has "(root, owner, owner) references (id, owner, owner)" "$(key 'root, owner, owner' 'id, owner, owner')" "must not contain duplicates"
