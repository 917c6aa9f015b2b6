#!/usr/bin/env bash
# PostgreSQL 18: the WHEN condition of a row trigger reads a virtual generated column rightly; the function of the same
# trigger, fired because of that value, reads NULL in NEW and in to_jsonb(NEW). A transition table shows NULL too when its
# whole rows are read, and gives an internal error when the column is named.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
sql "create table line (price int, gross int generated always as (price * 2) virtual);
     create table log (source text, seen text);
     create function note_row() returns trigger language plpgsql as
       'begin insert into log values (''new'', new.gross), (''to_jsonb'', to_jsonb(new) ->> ''gross''); return null; end';
     create function note_table() returns trigger language plpgsql as
       'begin insert into log select ''table'', added::text from added; return null; end';
     create trigger big after insert on line for each row when (new.gross > 100) execute function note_row();
     create trigger every after insert on line referencing new table as added for each statement execute function note_table();
     insert into line values (10), (60)"
expected "WHEN and the function agree: 120 is logged by the row trigger, (10,20) and (60,120) by the other"
logged() { sql "select string_agg(coalesce(seen, 'null'), ' ' order by seen) from log where source = '$1'"; }
check "row trigger fired for one row, whose NEW" "$(logged new)" null
check "to_jsonb(NEW)" "$(logged to_jsonb)" null
check "transition table, whole rows" "$(logged table)" "(10,) (60,)"
check "selected from the table" "$(sql "select string_agg(line::text, ' ' order by price) from line")" "(10,20) (60,120)"
sql "create or replace function note_table() returns trigger language plpgsql as
       'begin insert into log select ''table'', gross from added; return null; end'"
check "transition table, column named" "$(sql_error "insert into line values (1)")" \
  "unexpected virtual generated column reference"
