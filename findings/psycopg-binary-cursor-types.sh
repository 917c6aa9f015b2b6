#!/usr/bin/env bash
# psycopg's binary cursor gives some values another type than its text cursor, in silence: a bit string becomes bytes
# that begin with the count of bits, money becomes the bytes of an integer, and the parts of a row are numbers where the
# text cursor gives str.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages "psycopg[binary]==3.3.9"
version "psycopg 3.3.9"
expected "the format on the wire does not change the value: '101', '\$1.00', ('1', 'a') in both"
look() {
  "$python" - "$1" "$2" <<'PYTHON'
import sys

import psycopg

with psycopg.connect() as connection:
    cursor = connection.cursor(binary=sys.argv[1] == "binary")
    print(repr(cursor.execute("select " + sys.argv[2]).fetchone()[0]))
PYTHON
}
check "bit string, text" "$(look text "b'101'")" "'101'"
check "bit string, binary" "$(look binary "b'101'")" 'b'"'"'\x00\x00\x00\x03\xa0'"'"
check "money, text" "$(look text "1::money")" "'\$1.00'"
check "money, binary" "$(look binary "1::money")" 'b'"'"'\x00\x00\x00\x00\x00\x00\x00d'"'"
check "row, text" "$(look text "row(1, 'a'::text)")" "('1', 'a')"
check "row, binary" "$(look binary "row(1, 'a'::text)")" "(1, 'a')"
check "integer, both" "$(look text 1) $(look binary 1)" "1 1"
