#!/usr/bin/env bash
# The same check of a table without rows passes in Great Expectations and does not in Pointblank, where all_passed() is
# False though no row failed: the counts of passed and failed rows are None, not 0.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages great_expectations==1.24.1 pointblank==1.1.1 polars==2.1.0
version "great_expectations 1.24.1, pointblank 1.1.1"
export GX_ANALYTICS_ENABLED=false
expected "no row, no violation: both pass"
check "Great Expectations, success" "$("$python" - 2>/dev/null <<'PYTHON'
import great_expectations as gx
import great_expectations.expectations as gxe
import pandas

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
frame = pandas.DataFrame({"x": pandas.Series([], dtype=float)})
batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
print(batch.validate(gxe.ExpectColumnValuesToBeBetween(column="x", min_value=0)).success)
PYTHON
)" True
check "Pointblank, all_passed, rows passed, rows failed" "$("$python" -W ignore - <<'PYTHON'
import pointblank
import polars

frame = polars.DataFrame({"x": [1.0]}).head(0)
done = pointblank.Validate(frame).col_vals_ge(columns="x", value=0).interrogate()
print(done.all_passed(), done.n_passed(i=1, scalar=True), done.n_failed(i=1, scalar=True))
PYTHON
)" "False None None"
