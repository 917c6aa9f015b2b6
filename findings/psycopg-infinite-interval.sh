#!/usr/bin/env bash
# PostgreSQL 17 and later have infinite intervals. psycopg's text cursor reads them as a timedelta of zero, without an
# error; its binary cursor raises. An infinite timestamp raises in both.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 18
python_packages "psycopg[binary]==3.3.9"
version "psycopg 3.3.9"
expected "DataError in both, as for an infinite timestamp"
look() {
  "$python" - "$1" "$2" <<'PYTHON'
import sys

import psycopg

with psycopg.connect() as connection:
    cursor = connection.cursor(binary=sys.argv[1] == "binary")
    try:
        print(repr(cursor.execute("select " + sys.argv[2]).fetchone()[0]))
    except psycopg.DataError:
        print("DataError")
PYTHON
}
check "timestamp, text cursor" "$(look text "timestamp 'infinity'")" DataError
check "timestamp, binary cursor" "$(look binary "timestamp 'infinity'")" DataError
for sign in "" -; do
  check "interval '${sign}infinity', text cursor" "$(look text "interval '${sign}infinity'")" "datetime.timedelta(0)"
  check "interval '${sign}infinity', binary cursor" "$(look binary "interval '${sign}infinity'")" DataError
done
check "a difference of two timestamps" \
  "$(look text "timestamptz 'infinity' - now()")" "datetime.timedelta(0)"
