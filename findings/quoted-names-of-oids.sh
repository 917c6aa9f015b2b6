#!/usr/bin/env bash
# quote_all_identifiers also quotes the text of a regclass and of regproc: a comparison of it with a name is false.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
expected "statements that the server generates, as definitions of views and constraints, have quoted names; 't'::regclass::text is t"
sql "create table t (id int primary key)"
said="select 't'::regclass::text, 't'::regclass::text = 't', 'int4in'::regproc::text, format('%s', 't'::regclass), 'int4'::regtype::text"
check "by default" "$(sql "$said")" "t|t|int4in|t|integer"
check "with quote_all_identifiers, but for types" "$(sql "set quote_all_identifiers = on; $said")" '"t"|f|"int4in"|"t"|integer'
