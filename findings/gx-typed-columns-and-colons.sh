#!/usr/bin/env bash
# Great Expectations on PostgreSQL: value sets cannot be checked on an enum or bit column (the values are sent as
# varchar, for which there is no operator), and in an UnexpectedRowsExpectation a colon before a word, inside a literal
# too, is taken for a parameter. Each is a failed expectation with an exception in it, not a violation.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages great_expectations==1.24.1 sqlalchemy==2.1.9 "psycopg[binary]==3.3.9"
version "great_expectations 1.24.1"
export GX_ANALYTICS_ENABLED=false
sql "create type state as enum ('open', 'closed');
     create table ticket (state state, flags bit(2), label text); insert into ticket values ('open', b'01', 'to do :soon')"
cat >"$work/one.py" <<'PYTHON'
import os
import sys

import great_expectations as gx
import great_expectations.expectations as gxe

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
source = context.data_sources.add_sql(
    "db", connection_string=f"postgresql+psycopg://postgres@/postgres?host={os.environ['PGHOST']}", create_temp_table=False
)
batch = source.add_table_asset("ticket", table_name="ticket").add_batch_definition_whole_table("all").get_batch()
result = batch.validate(eval(sys.argv[1], {"gxe": gxe}))
# One exception is a flat dictionary with this key, several are a dictionary of such dictionaries.
raised = result.exception_info.get("raised_exception", True)
print(result.success, "exception" if raised else "no exception")
PYTHON
look() { "$python" "$work/one.py" "$1" 2>/dev/null; }
expected "each holds: True no exception"
check "value set on text" "$(look 'gxe.ExpectColumnValuesToBeInSet(column="label", value_set=["to do :soon"])')" "True no exception"
check "value set on an enum" "$(look 'gxe.ExpectColumnValuesToBeInSet(column="state", value_set=["open", "closed"])')" "False exception"
check "value set on bit(2)" "$(look 'gxe.ExpectColumnValuesToBeInSet(column="flags", value_set=["00", "01"])')" "False exception"
query='gxe.UnexpectedRowsExpectation(unexpected_rows_query="select * from {batch} where label = '
check "query with 'to do:soon'" "$(look "$query'to do:soon'\")")" "True no exception"
check "query with 'to do :later'" "$(look "$query'to do :later'\")")" "False exception"
