#!/usr/bin/env bash
# A Delta table partitioned by a text: deltalake writes the empty text as the partition value "", as it stands, and its
# own two readers disagree on that row. Its Arrow dataset, which DuckDB and pandas read, has NULL there, as the
# protocol of Delta says; its queries, its deletes and polars have the empty text. So the numbers of NULLs differ.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages deltalake==1.6.6 pyarrow==26.0.1 polars==2.1.0
version "deltalake 1.6.6, polars 2.1.0"
expected "row 1 has an empty text for each reader, or NULL for each"
"$python" - "$work/table" >"$work/said" <<'PYTHON'
import sys

import deltalake
import polars
import pyarrow

path = sys.argv[1]
rows = pyarrow.table({"id": pyarrow.array([1, 2, 3], pyarrow.int32()), "area": ["", None, "north"]})
deltalake.write_deltalake(path, rows, partition_by=["area"])
table = deltalake.DeltaTable(path)
queried = deltalake.QueryBuilder().register("t", table).execute("select area from t order by id").read_all()
print("dataset", table.to_pyarrow_dataset().to_table().sort_by("id").column("area").to_pylist())
print("query", pyarrow.table(queried).column("area").to_pylist())
print("polars", polars.read_delta(path).sort("id")["area"].to_list())
print("deleted", deltalake.DeltaTable(path).delete("area is null")["num_deleted_rows"])
PYTHON
said() { sed -n "s/^$1 //p" "$work/said"; }
check "Arrow dataset" "$(said dataset)" "[None, None, 'north']"
check "query" "$(said query)" "['', None, 'north']"
check "polars" "$(said polars)" "['', None, 'north']"
check "rows deleted by area is null" "$(said deleted)" 1
