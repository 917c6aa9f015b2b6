#!/usr/bin/env bash
# Great Expectations: a stored suite whose expectation class was not imported loses that expectation when it is read,
# and validates as a success of 0 expectations. The file still has it; one line on the log says what happened.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages great_expectations==1.24.1 sqlalchemy==2.1.9 "psycopg[binary]==3.3.9"
version "great_expectations 1.24.1"
export GX_ANALYTICS_ENABLED=false
cat >"$work/own.py" <<'PYTHON'
import great_expectations as gx


class ExpectNoDebt(gx.expectations.UnexpectedRowsExpectation):
    unexpected_rows_query: str = "select * from {batch} where balance < 0"
PYTHON
cat >"$work/suite.py" <<'PYTHON'
import os
import sys

import great_expectations as gx

os.chdir(sys.path[0])
context = gx.get_context(mode="file", project_root_dir="project")
context.variables.progress_bars = {"globally": False}
if sys.argv[1] == "write":
    import own

    context.suites.add(gx.ExpectationSuite(name="accounts", expectations=[own.ExpectNoDebt()]))
    source = context.data_sources.add_sql(
        "db", connection_string=f"postgresql+psycopg://postgres@/postgres?host={os.environ['PGHOST']}", create_temp_table=False
    )
    source.add_query_asset("accounts", query="select -1 as balance").add_batch_definition_whole_table("all")
else:
    if sys.argv[1] == "with":
        import own  # noqa: F401
    suite = context.suites.get("accounts")
    batch = context.data_sources.get("db").get_asset("accounts").get_batch_definition("all").get_batch()
    result = batch.validate(suite)
    print(len(suite.expectations), result.success, result.statistics["evaluated_expectations"])
PYTHON
expected "an error: the suite names a class that is not there"
"$python" "$work/suite.py" write >"$work/log" 2>&1
check "class imported: expectations, success, evaluated" "$("$python" "$work/suite.py" with 2>"$work/log")" "1 False 1"
check "class not imported" "$("$python" "$work/suite.py" without 2>"$work/log")" "0 True 0"
check "expectations in the suite's file" \
  "$("$python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["expectations"]))' \
    "$(find "$work/project" -name accounts.json)")" 1
check_has "on the log" "$(tail -n 1 "$work/log" | grep -o 'provided configuration is not valid.*')" "expect_no_debt not found"
