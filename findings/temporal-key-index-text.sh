#!/usr/bin/env bash
# PostgreSQL 18: what pg_get_indexdef prints of a key WITHOUT OVERLAPS is not a statement that can be run: a UNIQUE
# index USING gist does not exist. pg_indexes prints the same. Only the constraint's own text makes the key again.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
sql "create extension btree_gist;
     create table booking (room int, during int4range, constraint booking_key primary key (room, during without overlaps));
     create table copy (room int, during int4range)"
expected "the index's text builds the same index on a table of the same columns"
text=$(sql "select pg_get_indexdef('booking_key'::regclass)")
check "index text" "$text" "CREATE UNIQUE INDEX booking_key ON public.booking USING gist (room, during)"
text=${text//booking_key/copy_key}
check "run for the copy" "$(sql_error "${text//public.booking/copy}")" 'access method "gist" does not support unique indexes'
check "catalog: unique and exclusion" \
  "$(sql "select indisunique, indisexclusion from pg_index where indexrelid = 'booking_key'::regclass")" "t|t"
text=$(sql "select pg_get_constraintdef(oid) from pg_constraint where conname = 'booking_key'")
check "constraint text, run for the copy" "$(tag "alter table copy add $text")" "ALTER TABLE"
