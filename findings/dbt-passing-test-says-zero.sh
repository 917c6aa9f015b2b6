#!/usr/bin/env bash
# A dbt test that passes within its thresholds (warn_if, error_if) has failures 0 in run_results.json, however many rows
# its query returned; --store-failures keeps those rows all the same. The count appears once it exceeds a threshold.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages dbt-core==1.11.16 dbt-postgres==1.11.0
version "dbt-core 1.11.16, dbt-postgres 1.11.0"
export DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1
sql "create table parcel (id int, weight int); insert into parcel select i, 0 from generate_series(1, 4) as i"
mkdir -p "$work/project/tests"
cd "$work/project"
printf 'name: parcels\nversion: "1.0"\nprofile: parcels\n' >dbt_project.yml
cat >profiles.yml <<YAML
parcels:
  target: one
  outputs:
    one: {type: postgres, host: "$PGHOST", port: 5432, user: postgres, password: "", dbname: postgres, schema: public, threads: 1}
YAML
for limit in 10 3; do
  printf "{{ config(warn_if='>%s', error_if='>%s', store_failures=true) }}\nselect id from parcel where weight = 0\n" \
    "$limit" "$limit" >"tests/above_$limit.sql"
done
"$work/venv/bin/dbt" --quiet test --profiles-dir . >dbt.log 2>&1 || true
[[ -e target/run_results.json ]] || { cat dbt.log >&2; exit 3; }
result() {
  "$python" - "$1" <<'PYTHON'
import json
import sys

for it in json.load(open("target/run_results.json"))["results"]:
    if it["unique_id"].split(".")[2] == sys.argv[1]:
        print(it["status"], it["failures"])
PYTHON
}
expected "both tests report the 4 rows of their query"
check "status and failures, threshold 3" "$(result above_3)" "fail 4"
check "status and failures, threshold 10" "$(result above_10)" "pass 0"
check "rows stored for threshold 10" "$(sql 'select count(*) from public_dbt_test__audit.above_10')" 4
