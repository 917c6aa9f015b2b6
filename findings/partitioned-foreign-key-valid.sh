#!/usr/bin/env bash
# PostgreSQL: once a foreign key to a partitioned table is validated, is each of its catalog rows? (A migration that waits
# until no row of pg_constraint says NOT VALID would wait for ever.)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state() {
  sql "select coalesce(string_agg(c.conname || '>' || c.confrelid::regclass, ' ' order by c.confrelid::regclass::text), 'none')
    from pg_constraint as c where c.conrelid = 'orders'::regclass and c.contype = 'f' and not c.convalidated"
}
server 15
sql "create table customers (id int primary key) partition by range (id)" >/dev/null
sql "create table customers_1 partition of customers for values from (1) to (9)" >/dev/null
sql "create table orders (id int primary key, customer int)" >/dev/null
sql "insert into customers values (1); insert into orders values (1, 1)" >/dev/null
sql "alter table orders add constraint k foreign key (customer) references customers not valid" >/dev/null
expected "VALIDATE CONSTRAINT sets convalidated in each of the key's rows, as it does in those of partitions that refer"
check "not validated before" "$(state)" "k>customers orders_customer_fkey>customers_1"
sql "alter table orders validate constraint k" >/dev/null
check "not validated afterwards" "$(state)" "orders_customer_fkey>customers_1"
sql "alter table orders validate constraint k" >/dev/null
check "not validated after a second time" "$(state)" "orders_customer_fkey>customers_1"
check "validating that row by its name" "$(sql_error "alter table orders validate constraint orders_customer_fkey")" "(no error)"
check "not validated after that" "$(state)" "none"
