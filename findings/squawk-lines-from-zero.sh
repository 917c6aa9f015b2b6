#!/usr/bin/env bash
# squawk's gcc, JSON and GitLab reports count lines from 0; its terminal report counts from 1, and so do the readers of
# gcc-style messages and GitLab's code quality reports. Each finding is shown one line too high, the first one nowhere.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_packages squawk-cli==2.70.0
version "squawk 2.70.0"
squawk=$work/venv/bin/squawk
printf 'set lock_timeout = 1;\nset statement_timeout = 1;\nalter table t drop column a;\n' >"$work/m.sql"
printf 'alter table t drop column a;\n' >"$work/first.sql"
cd "$work"
report() { "$squawk" --reporter "$1" "$2" 2>/dev/null || true; } # it ends in 1 when it has found something
expected "every report says line 3, and line 1 for the other file"
check "terminal, third line" "$(report tty m.sql | sed 's/\x1b[^m\\]*[m\\]//g' | grep -o 'm.sql:[0-9]*' | head -n 1)" m.sql:3
check "gcc, third line" "$(report gcc m.sql | grep ban-drop-column | cut -d: -f1-2)" m.sql:2
line='import json, sys; print(*[f[sys.argv[1]] if sys.argv[1] == "line" else f["location"]["lines"]["begin"]
for f in json.load(sys.stdin) if "ban-drop-column" in f.values()])'
check "JSON, third line" "$(report json m.sql | "$python" -c "$line" line)" 2
check "GitLab, third line" "$(report gitlab m.sql | "$python" -c "$line" begin)" 2
check "GitLab, first line" "$(report gitlab first.sql | "$python" -c "$line" begin)" 0
