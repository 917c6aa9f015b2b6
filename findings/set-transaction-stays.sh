#!/usr/bin/env bash
# SET TRANSACTION leaves its settings in the session after the commit: with their default values, and no longer of the
# source "default". A transaction that begins with the same modes leaves nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
expected "the modes of a transaction end with it, however they were given"
left() { sql "$1; select coalesce(string_agg(name, ', ' order by name), 'none') from pg_settings where source = 'session'"; }
check "after BEGIN with modes" "$(left 'begin isolation level repeatable read, read only; commit')" "none"
check "after SET TRANSACTION" "$(left 'begin; set transaction isolation level repeatable read, read only; commit')" \
  "transaction_isolation, transaction_read_only"
