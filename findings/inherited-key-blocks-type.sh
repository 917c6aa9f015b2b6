#!/usr/bin/env bash
# PostgreSQL 18: a column's type cannot be changed on a parent whose child by INHERITS declares NOT NULL, or a primary key,
# on the inherited column itself: the constraint would be made twice. A child that got its key later is no obstacle.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
sql "create table parent (id serial primary key);
     create table child (primary key (id)) inherits (parent);
     create table other_parent (id serial primary key);
     create table other_child () inherits (other_parent);
     alter table other_child add primary key (id)"
expected "alter table parent alter column id type bigint changes parent and child"
check "refused" "$(sql_error "alter table parent alter column id type bigint")" \
  'cannot create not-null constraint "child_id_not_null" on column "id" of table "child"'
check "where the child got its key later" "$(sql "alter table other_parent alter column id type bigint;
  select atttypid::regtype from pg_attribute where attrelid = 'other_child'::regclass and attname = 'id'")" bigint
