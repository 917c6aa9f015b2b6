#!/usr/bin/env bash
# PostgreSQL: a role that may set a custom setting in its session may not put the same setting into a function of its own,
# unless it is granted SET ON PARAMETER; once created, the function runs for everybody.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
sql "create role maker; create schema authorization maker"
expected "who may run set app.mode = 'x' may create a function ... set app.mode = 'x'"
made="set role maker; create or replace function maker.f() returns text language sql set app.mode = 'x' as
  'select current_setting(''app.mode'')'"
check "in a session" "$(sql_error "set role maker; set app.mode = 'x'")" "(no error)"
check "in a function" "$(sql_error "$made")" 'permission denied to set parameter "app.mode"'
sql "grant set on parameter app.mode to maker; $made; reset role; revoke set on parameter app.mode from maker"
check "after grant, create and revoke, called" "$(sql "set role maker; select maker.f()")" x
