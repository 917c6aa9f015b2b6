#!/usr/bin/env bash
# datacontract-cli: of two quality rules with one metric on one property, only the first has a result. It fails if the
# second does, even if its own bound is met; the second ends without a result. Ids of their own do not help.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages "datacontract-cli[postgres]==1.2.8"
version "datacontract-cli 1.2.8"
export HOME=$work DATACONTRACT_POSTGRES_USERNAME=postgres DATACONTRACT_POSTGRES_PASSWORD=none
sql "create table rider (id int, email text); insert into rider values (1, null), (2, 'ann@example.org'), (3, null)"
cd "$work"
few='{id: few_missing, type: library, metric: nullValues, mustBeLessThan: 10}'
none='{id: none_missing, type: library, metric: nullValues, mustBe: 0}'
# results RULE…: id and result of each rule, and the exit code
results() {
  local code=0
  cat >contract.yaml <<YAML
apiVersion: v3.1.0
kind: DataContract
id: riding
version: 1.0.0
status: active
servers:
  - {server: production, type: postgres, host: "$PGHOST", port: 5432, database: postgres, schema: public}
schema:
  - name: rider
    physicalType: table
    properties:
      - name: email
        logicalType: string
        quality:
$(printf '          - %s\n' "$@")
YAML
  rm -f results.json
  "$work/venv/bin/datacontract" test contract.yaml --output results.json --output-format json >datacontract.log 2>&1 || code=$?
  "$python" - <<'PYTHON'
import json

for it in json.load(open("results.json"))["checks"]:
    if it.get("qualityId"):
        print(it["qualityId"], it["result"])
PYTHON
  echo "exit code $code"
}
expected "2 values are missing: few_missing passes, none_missing fails, and the exit code is 1, in any order"
check "few_missing alone" "$(results "$few")" $'few_missing passed\nexit code 0'
check "none_missing alone" "$(results "$none")" $'none_missing failed\nexit code 1'
check "few_missing, none_missing" "$(results "$few" "$none")" $'few_missing failed\nnone_missing None\nexit code 1'
check "none_missing, few_missing" "$(results "$none" "$few")" $'none_missing failed\nfew_missing None\nexit code 1'
