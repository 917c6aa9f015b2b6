#!/usr/bin/env bash
# Parquet's column statistics leave NaN out, DuckDB puts NaN above every number and trusts the statistics: a filter
# loses the row that the same condition finds when it stands in the select list. max differs by who wrote the file.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages duckdb==1.5.5 pyarrow==26.0.1 polars==2.1.0
version "DuckDB 1.5.5, pyarrow 26.0.1, polars 2.1.0"
expected "1 row is above 100 in each file and each way (DuckDB's own order: NaN is the greatest), and max is nan"
"$python" - "$work" <<'PYTHON'
import sys

import duckdb
import polars
import pyarrow
import pyarrow.parquet

rows = {"x": [1.0, float("nan"), 3.0]}
pyarrow.parquet.write_table(pyarrow.table(rows), sys.argv[1] + "/pyarrow.parquet")
polars.DataFrame(rows).write_parquet(sys.argv[1] + "/polars.parquet")
duckdb.sql(f"copy (select unnest([1, 'nan'::double, 3]) as x) to '{sys.argv[1]}/duckdb.parquet'")
PYTHON
look() { # the answer of a query about the file that $1 wrote
  "$python" -c 'import sys, duckdb; print(duckdb.sql(sys.argv[1]).fetchone()[0])' "select $2 from '$work/$1.parquet' ${3:-}"
}
for writer in pyarrow polars; do
  check "$writer's file, condition in the select list" "$(look $writer "count(*) filter (x > 100)")" 1
  check "$writer's file, condition in WHERE" "$(look $writer "count(*)" "where x > 100")" 0
  check "$writer's file, x = nan in WHERE" "$(look $writer "count(*)" "where x = 'nan'")" 0
  check "$writer's file, isnan(x) in WHERE" "$(look $writer "count(*)" "where isnan(x)")" 1
done
check "DuckDB's file, condition in WHERE" "$(look duckdb "count(*)" "where x > 100")" 1
check "max of pyarrow's, polars' and DuckDB's file" \
  "$(look pyarrow "max(x)") $(look polars "max(x)") $(look duckdb "max(x)")" "3.0 nan nan"
