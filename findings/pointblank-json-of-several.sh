#!/usr/bin/env bash
# `pb run --output-json` of a script with two validations writes no file: it prints a warning and ends with exit code 0.
# With one validation it writes the file. Its help says "Save JSON validation summary to file".
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages pointblank==1.1.1 polars==2.1.0
version "pointblank 1.1.1"
cd "$work"
cat >one.py <<'PYTHON'
import pointblank as pb
import polars

frame = polars.DataFrame({"x": [1, 2]})
first = pb.Validate(frame).col_vals_gt("x", 0).interrogate()
PYTHON
cp one.py two.py
echo 'second = pb.Validate(frame).col_vals_lt("x", 9).interrogate()' >>two.py
# run SCRIPT: the exit code, and whether the JSON file is there
run() {
  local code=0 said=none
  "$work/venv/bin/pb" run "$1.py" --output-json "$1.json" >"$1.log" 2>&1 || code=$?
  [[ -e $1.json ]] && said=written
  echo "exit code $code, file $said"
}
expected "a file for both scripts, or an exit code other than 0"
check "one validation" "$(run one)" "exit code 0, file written"
check "two validations" "$(run two)" "exit code 0, file none"
check_has "its words" "$(grep 'Could not save' two.log)" "Could not save JSON report: list indices must be integers or slices"
