#!/usr/bin/env bash
# delta-rs (deltalake) puts NaN above every number but leaves it out of a file's statistics: whether a NaN row is found
# by x > 100, or deleted by it, depends on its neighbours in the file. polars reads the same table and finds both.
# A constraint x > 0 of the table takes NaN, and refuses NULL, which a CHECK of SQL would let pass.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages deltalake==1.6.6 pyarrow==26.0.1 polars==2.1.0
version "deltalake 1.6.6, polars 2.1.0"
expected "rows 2 and 4 are both found and both deleted, or neither; NULL passes the constraint"
"$python" - "$work/table" >"$work/said" <<'PYTHON'
import sys

import deltalake
import polars
import pyarrow

NAN = float("nan")
path = sys.argv[1]


def ids(condition):
    table = deltalake.DeltaTable(path)
    found = deltalake.QueryBuilder().register("t", table).execute(f"select id from t where {condition} order by id")
    return pyarrow.table(found.read_all()).column("id").to_pylist()


deltalake.write_deltalake(path, pyarrow.table({"id": [1, 2, 3], "x": [1.0, NAN, 3.0]}))
deltalake.write_deltalake(path, pyarrow.table({"id": [4], "x": [NAN]}), mode="append")
print("polars", polars.scan_delta(path).filter(polars.col("x") > 100).select("id").collect().to_series().sort().to_list())
print("above", ids("x > 100"))
print("isnan", ids("isnan(x)"))
print("deleted", deltalake.DeltaTable(path).delete("x > 100")["num_deleted_rows"])
print("left", ids("isnan(x)"))
deltalake.DeltaTable(path).alter.add_constraint({"positive": "x > 0"})
for value in (NAN, None):
    row = pyarrow.table({"id": [9], "x": pyarrow.array([value], pyarrow.float64())})
    try:
        deltalake.write_deltalake(path, row, mode="append")
        print("constraint", value, "taken")
    except deltalake.exceptions.DeltaError:
        print("constraint", value, "refused")
PYTHON
said() { sed -n "s/^$1 //p" "$work/said"; }
check "x > 100 by polars" "$(said polars)" "[2, 4]"
check "isnan(x)" "$(said isnan)" "[2, 4]"
check "x > 100" "$(said above)" "[4]"
check "rows deleted by x > 100" "$(said deleted)" 1
check "NaN rows left" "$(said left)" "[2]"
check "constraint x > 0" "$(said constraint)" $'nan taken\nNone refused'
