#!/usr/bin/env bash
# Great Expectations: in the query of an UnexpectedRowsExpectation, `from {batch} as b` is a syntax error, because the
# batch brings an alias. In a query with a join it brings none, and the same alias is right.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages great_expectations==1.24.1 sqlalchemy==2.1.9 "psycopg[binary]==3.3.9"
version "great_expectations 1.24.1"
export GX_ANALYTICS_ENABLED=false
sql "create table ticket (id int, label text); insert into ticket values (1, 'open')"
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
for query in sys.argv[1:]:
    result = batch.validate(gxe.UnexpectedRowsExpectation(unexpected_rows_query=query))
    raised = result.exception_info.get("raised_exception", True)
    print(result.success, "exception" if raised else "no exception")
PYTHON
look() { "$python" "$work/one.py" "$1" 2>/dev/null; }
expected "no row is unexpected, with an alias or without: True no exception"
check "from {batch}" "$(look "select * from {batch} where label = 'lost'")" "True no exception"
check "from {batch} as b" "$(look "select * from {batch} as b where b.label = 'lost'")" "False exception"
check "from {batch} as b, with a join" \
  "$(look "select * from {batch} as b join ticket as t using (id) where b.label = 'lost'")" "True no exception"
