#!/usr/bin/env bash
# Soda 4: an aggregate leaves out the values that a column's missing_values name. With a setting of validity beside them,
# such as valid_max_length, it measures them again unless they are invalid as well.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages soda-postgres==4.28.0
version "soda-postgres 4.28.0"
export HOME=$work OTEL_SDK_DISABLED=true SODA_TELEMETRY=false
mkdir "$work/.soda"
echo 'send_anonymous_usage_stats: false' >"$work/.soda/config.yml"
sql "create table rider (id int, email text);
     insert into rider values (1, 'none'), (2, 'ann@example.org'), (3, 'a-long-name@example.org')"
cd "$work"
cat >source.yml <<YAML
type: postgres
name: riding
connection: {host: "$PGHOST", port: 5432, user: postgres, password: "", database: postgres}
YAML
# shortest SETTINGS…: the shortest e-mail address, as Soda measures it
shortest() {
  {
    printf 'dataset: riding/postgres/public/rider\ncolumns:\n  - name: email\n'
    printf '    %s\n' "$@"
    printf '    checks:\n      - aggregate: {function: min_length, threshold: {must_be: 0}}\n'
  } >contract.yml
  "$work/venv/bin/soda" contract verify -ds source.yml -c contract.yml 2>&1 | sed -n 's/.*min_length: \([0-9]*\).*/\1/p' | head -n 1
}
expected "a missing value is never measured: 15, of ann@example.org; with a limit that it meets, 15 as well"
check "no setting" "$(shortest)" 4
check "missing_values: [none]" "$(shortest 'missing_values: [none]')" 15
check "the same and valid_max_length: 30" "$(shortest 'missing_values: [none]' 'valid_max_length: 30')" 4
check "the same and valid_min_length: 10" "$(shortest 'missing_values: [none]' 'valid_min_length: 10')" 15
