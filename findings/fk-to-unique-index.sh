#!/usr/bin/env bash
# A foreign key may point at columns that have a unique index and no constraint. information_schema then names no unique
# constraint, so the usual join from referential_constraints to the referenced key's columns loses the foreign key.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table customer (id int); create unique index customer_id on customer (id);
       create table vendor (id int primary key);
       create table purchase (customer int constraint of_customer references customer (id),
                              vendor int constraint of_vendor references vendor)"
  expected "information_schema tells of both foreign keys what they point at"
  check "unique constraints named" "$(sql "select constraint_name, coalesce(unique_constraint_name, 'null')
    from information_schema.referential_constraints order by 1")" $'of_customer|null\nof_vendor|vendor_pkey'
  check "found by the join" "$(sql "select r.constraint_name, k.table_name
    from information_schema.referential_constraints r join information_schema.key_column_usage k
    on (k.constraint_schema, k.constraint_name) = (r.unique_constraint_schema, r.unique_constraint_name)")" "of_vendor|vendor"
  check "in the catalog" "$(sql "select conname, confrelid::regclass from pg_constraint where contype = 'f' order by 1")" \
    $'of_customer|customer\nof_vendor|vendor'
  stop_server
}

look 15
look 18
