#!/usr/bin/env bash
# sqlglot reads E'\x0b' of PostgreSQL as a vertical tab, and writes it as e'\v', which the server reads as the letter v.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server 15
python_packages sqlglot==30.30.0
version "sqlglot 30.30.0"
expected "the text that was read: other control characters, \\t and \\f, come back"
written=$("$python" -c '
import sqlglot
print(sqlglot.transpile(r"select encode(E'"'"'\t\f\x0b'"'"'::bytea, '"'"'hex'"'"')", read="postgres", write="postgres")[0])
')
check "the statement as it was written" "$(sql "select encode(E'\\t\\f\\x0b'::bytea, 'hex')")" "090c0b"
check "the statement from sqlglot" "$(sql "$written")" "090c76"
