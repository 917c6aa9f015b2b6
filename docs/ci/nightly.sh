#!/bin/sh
# The audit of a night. Exit code 0: the gate passed, 1: it failed, 2 or 3: nothing was judged.
# CHAT_WEBHOOK is the address that takes messages, a secret; KEY the file of the secret key for personal keys.
from=--state # the first night
[ ! -d audit/state ] || from="--since audit"
code=0
# shellcheck disable=SC2086 # two words
order-audit run --suite rules --out audit $from --key-file "$KEY" \
  --format html,json,junit,markdown,violations,prometheus || code=$?
order-audit send audit/results.json --webhook env:CHAT_WEBHOOK --as slack --failed-only ||
  echo "no message was sent" >&2
exit "$code"
